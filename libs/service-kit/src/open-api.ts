import { z } from 'zod';
import { statusTitle } from './problem.js';
import type { Role } from './roles.js';

/** An OpenAPI 3.1 document, as far as this library looks into it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly [member: string]: unknown;
}

/** One operation of an {@link OpenApiDocument}. */
export interface OpenApiOperation {
  readonly summary?: string;
  readonly [member: string]: unknown;
}

/** A route as its schemas describe it. Path parameters are written `{id}`. */
export interface ApiRoute {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly role: Role | 'anyone';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Headers that mean something here, besides `Authorization`. */
  readonly headers?: z.ZodObject;
  /** One that takes undefined may be left out. */
  readonly body?: z.ZodType;
  /** Answers by status, besides the problems. */
  readonly responses: Readonly<Record<number, ApiResponse>>;
  /** Statuses of problems that follow from nothing above, e.g. 409. */
  readonly problems?: readonly number[];
}

/** An answer; without a schema and without media types it has no body. */
export interface ApiResponse {
  readonly description: string;
  /** Of a body in JSON. */
  readonly schema?: z.ZodType;
  /** Media types of a body that is sent as text, line by line. */
  readonly text?: readonly string[];
  /** Of each event in a stream of server-sent events. */
  readonly events?: z.ZodType;
}

/** Builds the document from the same schemas that check requests. */
export function openApi(info: OpenApiDocument['info'], routes: readonly ApiRoute[]): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info,
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    field: { type: 'string', description: 'the part of the request that is wrong' },
    fix: { type: 'string', description: 'what the caller can do about it' },
    errors: {
      type: 'array',
      description: 'every wrong field of the request; the first one is also `field`',
      items: { type: 'object', properties: { field: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
};

function operation(route: ApiRoute): OpenApiOperation {
  const { summary, role, body } = route;
  return {
    summary,
    ...(role === 'anyone' ? {} : { description: `Needs the role ${role}.`, security: [{ bearer: [] }] }),
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...parameters('header', route.headers),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: !body.safeParse(undefined).success, content: json(body, 'input') } }),
    responses: {
      ...Object.fromEntries(Object.entries(route.responses).map(response)),
      ...Object.fromEntries(problemsOf(route).map((status) => [status, problem(statusTitle(status))])),
      default: problem('A problem (RFC 9457)'),
    },
  };
}

/** What can be wrong with a request to this route, by what it asks for. A database can be away from any of them. */
function problemsOf({ method, role, params, query, headers, body, problems = [] }: ApiRoute): readonly number[] {
  const hasBody = method !== 'get';
  const ifAny = (condition: unknown, ...statuses: number[]) => (condition === undefined ? [] : statuses);
  return [
    ...ifAny(params ?? query ?? headers ?? body, 400),
    // A body is read, and may be refused, also where none is wanted.
    ...(hasBody ? [400, 413, 415] : []),
    ...(role === 'anyone' ? [] : [401]),
    // Whoever has a token may look.
    ...(role === 'anyone' || role === 'viewer' ? [] : [403]),
    ...ifAny(params, 404),
    ...ifAny(headers?.shape['if-match'], 412),
    ...ifAny(headers?.shape['idempotency-key'], 422),
    ...problems,
    503,
  ];
}

function problem(description: string): object {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return { description, content };
}

function response([status, { description, schema, events, text = [] }]: [string, ApiResponse]): [string, object] {
  const content = {
    ...(schema === undefined ? {} : json(schema, 'output')),
    ...Object.fromEntries(text.map((type) => [type, { schema: { type: 'string' } }])),
    ...(events === undefined ? {} : { 'text/event-stream': { schema: jsonSchema(events, 'output') } }),
  };
  return [status, { description, ...(Object.keys(content).length === 0 ? {} : { content }) }];
}

function json(schema: z.ZodType, io: 'input' | 'output'): object {
  return { 'application/json': { schema: jsonSchema(schema, io) } };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const schemaWithDialect: Record<string, unknown> = { ...z.toJSONSchema(schema, { io, unrepresentable: 'any' }) };
  delete schemaWithDialect['$schema'];
  return schemaWithDialect;
}

function parameters(place: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}
