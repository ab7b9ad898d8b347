import type { Dashboard, Panel, Query, Row } from './dashboard.js';

/** The variable by which every panel finds Prometheus. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const LINK_TO_THE_OTHERS = {
  ...{ type: 'dashboards', title: 'Onceline', tags: ['onceline'], icon: 'external link', tooltip: '' },
  ...{ asDropdown: true, keepTime: true, includeVars: true, targetBlank: false },
};
const COLUMNS = 24;
const SIZES = { figure: { w: 4, h: 4 }, lines: { w: 8, h: 8 }, table: { w: 24, h: 6 } };

/** Begins the sentence in a panel's description that says why a query may have no answer. */
const MAY_BE_EMPTY = 'may be empty:';

/** What Grafana reads: its classic JSON. */
export type GrafanaJson = Readonly<Record<string, unknown>>;

interface Place {
  x: number;
  y: number;
  id: number;
}

/** A dashboard as Grafana wants it. */
export function grafanaJson({ name, title, description, rows }: Dashboard): GrafanaJson {
  const place: Place = { x: 0, y: 0, id: 0 };
  return {
    uid: `onceline-${name}`,
    title,
    description,
    tags: ['onceline'],
    editable: false,
    graphTooltip: 1,
    schemaVersion: 39,
    time: { from: 'now-1h', to: 'now' },
    refresh: '10s',
    links: [LINK_TO_THE_OTHERS],
    annotations: { list: [] },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0 }],
    },
    panels: rows.flatMap((row) => rowJson(row, place)),
  };
}

function rowJson({ title, panels }: Row, place: Place): GrafanaJson[] {
  const heading = { id: (place.id += 1), type: 'row', title, collapsed: false, panels: [] };
  const gridPos = { x: 0, y: place.y, w: COLUMNS, h: 1 };
  Object.assign(place, { x: 0, y: place.y + 1 });
  let height = 0;
  const placed = panels.map((panel) => {
    const { w, h } = SIZES[panel.shape ?? 'lines'];
    if (place.x + w > COLUMNS) {
      Object.assign(place, { x: 0, y: place.y + height });
      height = 0;
    }
    const at = { x: place.x, y: place.y, w, h };
    place.x += w;
    height = Math.max(height, h);
    return panelJson(panel, (place.id += 1), at);
  });
  place.y += height;
  return [{ ...heading, gridPos }, ...placed];
}

function panelJson(panel: Panel, id: number, gridPos: object): GrafanaJson {
  const { title, shape = 'lines', queries } = panel;
  return {
    id,
    type: { lines: 'timeseries', figure: 'stat', table: 'table' }[shape],
    title,
    description: descriptionOf(panel),
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    options: OPTIONS[shape],
    targets: queries.map((query, index) => targetJson(query, refId(index), shape)),
  };
}

const OPTIONS = {
  lines: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  figure: {
    colorMode: 'background',
    graphMode: 'none',
    reduceOptions: { calcs: ['lastNotNull'], values: false },
    textMode: 'auto',
  },
  table: { showHeader: true },
};

function defaultsOf({ unit, shape = 'lines', redFrom, redBelow, words }: Panel): GrafanaJson {
  const good = { color: 'green', value: null };
  const steps =
    redBelow === undefined
      ? [good, ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }])]
      : [
          { color: 'red', value: null },
          { color: 'green', value: redBelow },
        ];
  const options = Object.entries(words ?? {}).map(([value, text]) => [value, { text }]);
  return {
    unit,
    ...(shape === 'lines' ? { custom: { fillOpacity: 10, showPoints: 'never' } } : {}),
    ...(shape === 'figure' ? { thresholds: { mode: 'absolute', steps } } : {}),
    ...(options.length > 0 ? { mappings: [{ type: 'value', options: Object.fromEntries(options) as object }] } : {}),
  };
}

function targetJson({ expr, legend, exemplars }: Query, ref: string, shape: 'lines' | 'figure' | 'table'): GrafanaJson {
  return {
    refId: ref,
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
    ...(shape === 'lines' ? { range: true } : { instant: true, range: false }),
    ...(shape === 'table' ? { format: 'table' } : {}),
    ...(exemplars ? { exemplar: true } : {}),
  };
}

function descriptionOf({ description, queries }: Panel): string {
  const reasons = queries.flatMap(({ mayBeEmpty }, index) =>
    mayBeEmpty === undefined ? [] : [`${refId(index)} ${MAY_BE_EMPTY} ${mayBeEmpty}`],
  );
  return [description, ...reasons].join('\n\n');
}

/** Why a query of a panel may have no answer, as its description says it; undefined when it must have one. */
export function reasonToBeEmpty(description: string, ref: string): string | undefined {
  const start = `${ref} ${MAY_BE_EMPTY} `;
  return description
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.slice(start.length);
}

/** A, B, C … */
function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
