/** A block of a document that is run, with the answer that the document prints after it. */
export interface Step {
  /** Of its first line, counted from 1. */
  readonly line: number;
  /** The heading that it stands under. */
  readonly heading: string;
  readonly script: string;
  /** Empty where the document prints none. */
  readonly answer: string;
}

const HEADING = /^#+ (.*)$/;
const FENCE = /^```(\w*)$/;

/** Steps of a document in Markdown: blocks marked `sh` are run, a block marked `text` is the answer of the one before it. */
export function stepsOf(document: string): readonly Step[] {
  const steps: Step[] = [];
  const lines = document.split('\n');
  let heading = '';
  for (let at = 0; at < lines.length; at += 1) {
    heading = HEADING.exec(lines[at] ?? '')?.[1] ?? heading;
    const language = FENCE.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new Error(`line ${at + 1}: this block has no end`);
    const text = lines.slice(at + 1, end).join('\n');
    if (language === 'sh') steps.push({ line: at + 2, heading, script: text, answer: '' });
    if (language === 'text') answerLast(steps, text, at + 1);
    at = end;
  }
  return steps;
}

function answerLast(steps: Step[], answer: string, line: number): void {
  const last = steps.pop();
  if (!last || last.answer !== '') throw new Error(`line ${line}: no step before this answer`);
  steps.push({ ...last, answer });
}
