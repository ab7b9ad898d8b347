// The house rules as lint: boundaries between the rooms, budgets for files and functions, and the habits that keep both.
import nx from '@nx/eslint-plugin';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

const layer = (from, ...to) => ({
  sourceTag: `layer:${from}`,
  onlyDependOnLibsWithTags: to.map((name) => `layer:${name}`),
});

const boundaries = [
  layer('contracts'),
  layer('retry-policy', 'contracts'),
  layer('kafka', 'contracts', 'retry-policy'),
  layer('postgres', 'retry-policy'),
  layer('service-kit', 'contracts', 'kafka'),
  layer('local-stack'),
  layer('telegram-simulator'),
  layer('audit', 'contracts', 'kafka'),
  layer('testing', 'contracts', 'kafka', 'local-stack'),
  layer('app', 'contracts', 'retry-policy', 'kafka', 'postgres', 'service-kit'),
  layer(
    'tools',
    'audit',
    'contracts',
    'retry-policy',
    'kafka',
    'service-kit',
    'local-stack',
    'telegram-simulator',
    'testing',
  ),
  layer('e2e', 'audit', 'contracts', 'tools', 'telegram-simulator', 'testing'),
];
// Specs may also use the real stack and the test helpers.
const specBoundaries = boundaries.map((rule) => ({
  ...rule,
  onlyDependOnLibsWithTags: [
    ...rule.onlyDependOnLibsWithTags,
    'layer:testing',
    'layer:local-stack',
    'layer:telegram-simulator',
  ],
}));

const forbidImport = (names, message) => names.map((name) => ({ group: [name, `${name}/*`], message }));
const kafkaClient = forbidImport(['kafkajs'], 'Only libs/kafka imports the Kafka client.');
const nest = forbidImport(['@nestjs'], 'Nest lives in apps and in service-kit.');
const database = forbidImport(
  ['typeorm', 'pg'],
  'Only libs/postgres, ticketing, retry and the independent checker talk to PostgreSQL.',
);
const restrictImports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns: patterns.flat() }] });

const noEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Settings are read in config.ts only.',
};
const noForwardRef = {
  selector: 'CallExpression[callee.name=/^(forwardRef|Global)$/]',
  message: 'forwardRef and @Global hide a cycle or a dependency: move the shared rule down or send an event.',
};
const noDecorators = {
  selector: 'Decorator:not([expression.callee.name=/^(Inject|Injectable|Catch)$/])',
  message: 'Decorators stay in *.controller.ts, *.module.ts and *.entity.ts.',
};
const restrictSyntax = (...selectors) => ({ 'no-restricted-syntax': ['error', ...selectors] });

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { '@nx': nx, jsdoc },
    // All in one program: one for each project would read the types of the libraries again and again.
    languageOptions: {
      parserOptions: { project: ['tools/tsconfig.lint.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { allow: [], depConstraints: boundaries }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 350 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'max-params': ['error', { max: 5 }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      eqeqeq: ['error', 'always'],
      ...restrictSyntax(noEnvironment, noForwardRef, noDecorators),
      ...restrictImports(kafkaClient, nest, database),
    },
  },
  { files: ['**/libs/kafka/**/*.ts'], rules: restrictImports(nest, database) },
  {
    files: ['**/libs/postgres/**/*.ts', '**/libs/local-stack/**/*.ts', '**/libs/audit/**/*.ts', '**/tools/**/*.ts'],
    rules: restrictImports(kafkaClient, nest),
  },
  // The stock twins of the benches show what Nest's own Kafka client does.
  { files: ['**/tools/src/bench/stock-*.ts'], rules: restrictImports(kafkaClient) },
  {
    files: ['**/libs/service-kit/**/*.ts', '**/apps/{ingress,dedupe}/**/*.ts'],
    rules: restrictImports(kafkaClient, database),
  },
  { files: ['**/apps/{ticketing,retry}/**/*.ts'], rules: restrictImports(kafkaClient) },
  {
    files: ['**/apps/ticketing/src/ticket/**/*.ts'],
    rules: restrictImports(
      kafkaClient,
      nest,
      database,
      forbidImport(['@onceline/kafka', '@onceline/postgres', '@onceline/service-kit'], 'Ticket rules are pure.'),
    ),
  },
  {
    files: ['**/config.ts', '**/tools/**/*.ts', '**/libs/local-stack/**/*.ts', '**/*.spec.ts'],
    rules: restrictSyntax(noForwardRef, noDecorators),
  },
  {
    files: ['**/*.controller.ts', '**/*.module.ts', '**/*.entity.ts'],
    rules: restrictSyntax(noEnvironment, noForwardRef),
  },
  {
    files: ['**/libs/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          contexts: [
            'TSInterfaceDeclaration',
            'TSTypeAliasDeclaration',
            'ExportNamedDeclaration > VariableDeclaration',
          ],
          require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: false },
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@nx/enforce-module-boundaries': ['error', { allow: [], depConstraints: specBoundaries }],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-syntax': 'off',
    },
  },
);
