/** A query as a file of Grafana has it. */
export interface FileTarget {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly datasource?: { readonly type?: string; readonly uid?: string };
}

/** A panel as a file of Grafana has it; a row has no targets. */
export interface FilePanel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly type?: string; readonly uid?: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly options?: { readonly legend?: { readonly showLegend?: boolean } };
  readonly targets?: readonly FileTarget[];
}

/** A dashboard as Grafana loads it, as far as it is looked at here. */
export interface FileDashboard {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly editable: boolean;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
  readonly panels: readonly FilePanel[];
}

/** Panels with pictures, without the headings of the rows. */
export function picturesOf({ panels }: FileDashboard): readonly FilePanel[] {
  return panels.filter(({ type }) => type !== 'row');
}
