/** What is there to be asked for, by the parameter that names it, e.g. `path.id`. Made up ids would only ever find that there is nothing. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** How often a parameter names something that is there; else it is made up as the document allows. */
const PROBABILITY = 0.8;

/** The settings of one run, behind those of every run. The token is in the file, where no list of processes shows it. */
export function fuzzConfig(everyRun: string, { token, known }: { token: string; known: Known }): string {
  const entries = Object.entries(known).filter(([, values]) => values.length > 0);
  const dictionaries = entries.map(([name, values]) => {
    return `[dictionaries.${dictionaryOf(name)}]\nvalues = [${values.map(text).join(', ')}]\n`;
  });
  const parameters = entries.map(
    ([name]) => `${text(name)} = { dictionary = ${text(dictionaryOf(name))}, probability = ${PROBABILITY} }`,
  );
  return [
    everyRun,
    `[auth.openapi.bearer]\nbearer = ${text(token)}\n`,
    ...dictionaries,
    `[parameters]\n${parameters.join('\n')}\n`,
  ].join('\n');
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: object;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A made up version is refused before anything else is looked at. */
const NEVER_TRUE = ['if-match'];

/**
 * The document as it is asked by: with what is there as examples, and without what its operations say of all other answers, for with
 * that no answer is undocumented.
 */
export function askedBy<Given extends Document>(document: Given, known: Known): Given {
  const paths = each(document.paths, (operations) =>
    each(operations, ({ parameters = [], responses, ...operation }) => ({
      ...operation,
      parameters: parameters
        .filter(({ name }) => !NEVER_TRUE.includes(name))
        .map((parameter) => withExamples(parameter, known[`${parameter.in}.${parameter.name}`])),
      responses: Object.fromEntries(Object.entries(responses).filter(([status]) => status !== 'default')),
    })),
  );
  return { ...document, paths };
}

function each<In, Out>(record: Readonly<Record<string, In>>, change: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function withExamples(parameter: Parameter, values: readonly string[] = []): Parameter {
  return values.length === 0
    ? parameter
    : { ...parameter, schema: { ...parameter.schema, examples: values.slice(0, 3) } };
}

const dictionaryOf = (parameter: string) => parameter.replaceAll(/[^A-Za-z]/g, '-');

/** A text of TOML is one of JSON, but for one character. */
const text = (value: string) => JSON.stringify(value).replaceAll('\u007f', '\\u007f');
