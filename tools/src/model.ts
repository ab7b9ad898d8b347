import { MISTAKES, searchAsBuilt, searchWith, type Mistake } from './model/exactly-once.js';
import { hasSpin, NO_SPIN, type Search } from './model/spin.js';

const HELP = `npm run model [-- MISTAKE]

Searches all interleavings of docs/specs/exactly-once.pml with SPIN: nothing may be lost or doubled. Then plants one mistake after the other,
each of which must be found. With the name of a mistake, plants that one only and prints the steps that lead to the damage.
Mistakes: ${MISTAKES.join(', ')}`;

function tell(name: string, { states, violated, steps }: Search): void {
  const end = violated === null ? 'nothing lost, nothing doubled' : `found in ${steps.length} steps: ${violated}`;
  console.log(`${name}: ${states.toLocaleString('en')} states, ${end}`);
}

/** Answers whether all is as it must be. */
function searchAll(): boolean {
  const built = searchAsBuilt();
  for (const [name, search] of built) tell(name, search);
  const missed = MISTAKES.filter((mistake) => {
    const search = searchWith(mistake);
    tell(mistake, search);
    return search.violated === null;
  });
  return missed.length === 0 && built.every(([, { violated }]) => violated === null);
}

function show(mistake: Mistake): boolean {
  const search = searchWith(mistake);
  for (const step of search.steps) console.log(step);
  tell(mistake, search);
  return search.violated !== null;
}

function main(): void {
  const [asked] = process.argv.slice(2);
  const mistake = MISTAKES.find((known) => known === asked);
  if (asked !== undefined && mistake === undefined) {
    console.log(HELP);
    process.exitCode = asked === '--help' ? 0 : 1;
    return;
  }
  if (!hasSpin()) console.error(NO_SPIN);
  const isWell = hasSpin() && (mistake === undefined ? searchAll() : show(mistake));
  console.log(isWell ? 'model: ok' : 'model: failed');
  process.exitCode = isWell ? 0 : 1;
}

main();
