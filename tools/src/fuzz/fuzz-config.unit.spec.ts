import { askedBy, fuzzConfig } from './fuzz-config.js';

it('names what is there for each parameter, and leaves out what is not', () => {
  const known = { 'path.id': ['t_1', 'a"b\n'], 'query.bot': [] };
  expect(fuzzConfig('workers = 1\n', { token: 'secret', known })).toBe(
    [
      'workers = 1\n',
      '[auth.openapi.bearer]\nbearer = "secret"\n',
      '[dictionaries.path-id]\nvalues = ["t_1", "a\\"b\\n"]\n',
      '[parameters]\n"path.id" = { dictionary = "path-id", probability = 0.8 }\n',
    ].join('\n'),
  );
});

it('asks by what is there, by no made up version, and knows no answer but those that are described', () => {
  const id = { name: 'id', in: 'path', schema: { type: 'string' } };
  const version = { name: 'if-match', in: 'header', schema: { type: 'string' } };
  const limit = { name: 'limit', in: 'query', schema: { type: 'integer' } };
  const kept = { 200: { description: 'It' }, 404: { description: 'None' } };
  const document = {
    openapi: '3.1.0',
    paths: {
      '/v1/{id}': {
        get: { summary: 'One', parameters: [id, limit], responses: { ...kept, default: { description: 'A problem' } } },
        put: { summary: 'Change', parameters: [id, version], responses: kept },
      },
    },
  };
  const known = { 'path.id': ['a', 'b', 'c', 'd'], 'query.id': ['x'] };
  const asked = { ...id, schema: { type: 'string', examples: ['a', 'b', 'c'] } };
  expect(askedBy(document, known)).toEqual({
    openapi: '3.1.0',
    paths: {
      '/v1/{id}': {
        get: { summary: 'One', parameters: [asked, limit], responses: kept },
        put: { summary: 'Change', parameters: [asked], responses: kept },
      },
    },
  });
});
