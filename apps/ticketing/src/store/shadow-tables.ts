import { givingWay, untilFree } from './giving-way.js';
import { READ_MODELS } from './read-models.js';
import type { Session } from './session.js';

/** Where read models are made anew, beside the live ones. Indexes and constraints have the same names there, which code and plans go by. */
export const SHADOW = 'ticketing_rebuild';
/** Where the tables go that were live before. */
const REPLACED = 'ticketing_replaced';

const TABLES = READ_MODELS.map(({ table }) => table);

/** What `like … including all` leaves out, or would give other names. */
const DESCRIBE = {
  name: 'describe-read-model',
  text: `with live as (select $1::regclass as id)
    select
      array(select json_build_object('definition', pg_get_indexdef(indexrelid), 'isUnique', indisunique) from pg_index where indrelid = live.id
        and not exists (select 1 from pg_constraint where conindid = indexrelid and conrelid = live.id)) as indexes,
      array(select format('add constraint %I %s', conname, pg_get_constraintdef(oid)) from pg_constraint
        where conrelid = live.id and contype in ('p', 'u', 'x', 'f') order by contype desc) as constraints,
      (select array_to_string(reloptions, ', ') from pg_class where oid = live.id) as options,
      array(select format('grant %s on %s to %s', privilege_type, $2::text,
          case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
        from pg_class, aclexplode(relacl) where oid = live.id and grantee <> relowner) as grants,
      array(select ev_class::regclass::text from pg_depend join pg_rewrite on pg_rewrite.oid = objid
          where refobjid = live.id and classid = 'pg_rewrite'::regclass
        union select conrelid::regclass::text from pg_constraint where confrelid = live.id) as dependents
    from live`,
};

interface Description {
  indexes: { definition: string; isUnique: boolean }[];
  constraints: string[];
  options: string | null;
  grants: string[];
  /** Views and foreign keys of others, which would go on with the old table. */
  dependents: string[];
}

/** Empty tables like the live ones; whatever an interrupted rebuild left goes first. */
export async function createShadow(session: Session): Promise<void> {
  await dropShadow(session);
  await session.command(`create schema ${SHADOW}`);
  for (const table of TABLES) await createLike(session, table);
}

/**
 * All but the unique ones, which judge each row: an index is cheaper to make of a full table than to keep up while it is filled. One by one and
 * `concurrently`: that way no transaction that others wait for goes on for as long as it takes.
 */
export async function createFurtherIndexes(session: Session): Promise<void> {
  for (const table of TABLES) {
    const { indexes } = await describe(session, table);
    for (const { definition } of indexes.filter(({ isUnique }) => !isUnique)) {
      await session.command(inShadow(definition, table).replace(' INDEX ', ' INDEX CONCURRENTLY '));
    }
  }
}

function inShadow(definition: string, table: string): string {
  return definition.replace(` ON ticketing.${table} `, ` ON ${SHADOW}.${table} `);
}

async function describe(session: Session, table: string): Promise<Description> {
  const { rows } = await session.query<Description>(DESCRIBE, [`ticketing.${table}`, `${SHADOW}.${table}`]);
  if (!rows[0]) throw new Error(`ticketing.${table} is not there`);
  return rows[0];
}

async function createLike(session: Session, table: string): Promise<void> {
  const shadow = `${SHADOW}.${table}`;
  const live = await describe(session, table);
  const [dependent] = live.dependents;
  if (dependent !== undefined) throw new Error(`${dependent} depends on ticketing.${table}, which cannot be replaced`);
  const statements = [
    `create table ${shadow} (like ticketing.${table} including all excluding indexes)`,
    ...(live.options === null ? [] : [`alter table ${shadow} set (${live.options})`]),
    ...live.constraints.map((constraint) => `alter table ${shadow} ${constraint}`),
    ...live.indexes.filter(({ isUnique }) => isUnique).map(({ definition }) => inShadow(definition, table)),
    ...live.grants,
  ];
  await session.command(statements.join(';\n'));
}

/** Who began before the switch may still read a table that was live then: it is we who give way, as with the switch itself. */
export async function dropShadow(session: Session): Promise<void> {
  for (const table of [SHADOW, REPLACED].flatMap((schema) => TABLES.map((name) => `${schema}.${name}`))) {
    await untilFree(() => quietly(session, `drop table if exists ${table}`));
  }
  await quietly(session, `drop schema if exists ${SHADOW}, ${REPLACED}`);
}

/** A name that is not there is no news. */
function quietly(session: Session, statement: string): Promise<void> {
  return givingWay(session, () => session.command(`set local client_min_messages = error; ${statement}`));
}

/** Inside a transaction that holds the live tables. Statements that others have prepared find the new ones by name. */
export async function switchToShadow(session: Session): Promise<void> {
  await session.command(
    [
      `create schema ${REPLACED}`,
      ...TABLES.map((table) => `alter table ticketing.${table} set schema ${REPLACED}`),
      ...TABLES.map((table) => `alter table ${SHADOW}.${table} set schema ticketing`),
    ].join('; '),
  );
}
