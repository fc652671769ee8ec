// The parameters of a fiberHandler have the types that the framework gives them, without annotations.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';

import { expectTypeOf } from 'expect-type';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { fiberHandler, HttpError, shutdown } from 'greenfiber/http';

// Express and Koa bring no types of their own: these have the shape of those that are published for them.
interface Params<Route extends string> {
  params: Route extends `${string}:${infer Name}` ? Record<Name, string> : object;
}
interface ExpressRequest<P = object> extends IncomingMessage {
  params: P;
}
interface ExpressResponse extends ServerResponse {
  json(body: unknown): this;
}
type Next = (error?: unknown) => void;
type RequestHandler<P = object, Body = unknown> = (
  request: ExpressRequest<P> & { body?: Body },
  response: ExpressResponse,
  next: Next,
) => unknown;
type ErrorRequestHandler<P = object> = (
  error: unknown,
  request: ExpressRequest<P>,
  response: ExpressResponse,
  next: Next,
) => unknown;
type HandlerParams<P> =
  RequestHandler<P> | ErrorRequestHandler<P> | (RequestHandler<P> | ErrorRequestHandler<P>)[];
interface Express {
  (request: IncomingMessage, response: ServerResponse): void;
  get(name: string): unknown;
  get<Route extends string, P = Params<Route>['params'], Body = unknown>(
    path: Route,
    ...handlers: RequestHandler<P, Body>[]
  ): this;
  get<Route extends string, P = Params<Route>['params']>(
    path: Route,
    ...handlers: HandlerParams<P>[]
  ): this;
  use(...handlers: RequestHandler[]): this;
  use(...handlers: HandlerParams<object>[]): this;
  param(
    name: string,
    handler: (q: ExpressRequest, s: ExpressResponse, next: Next, value: string) => unknown,
  ): this;
  listen(port: number): http.Server;
}
declare const app: Express;

app.get(
  '/users/:id',
  fiberHandler((request, response) => {
    expectTypeOf(request.params).toEqualTypeOf<Record<'id', string>>();
    expectTypeOf(response).toEqualTypeOf<ExpressResponse>();
    return response.json(request.url);
  }),
);
app.use(
  fiberHandler((request, _response, next) => {
    expectTypeOf(request.headers).toEqualTypeOf<http.IncomingHttpHeaders>();
    expectTypeOf(next).toEqualTypeOf<Next>();
    next();
  }),
);
app.param(
  'id',
  fiberHandler((_request, _response, next, value) => {
    expectTypeOf(value).toEqualTypeOf<string>();
    next();
  }),
);
// Express's own types want this one named as well: which of two overloads is meant, its parameters cannot tell.
app.use(
  fiberHandler<ErrorRequestHandler>((error, request, response, next) => {
    expectTypeOf(error).toEqualTypeOf<unknown>();
    expectTypeOf(request).toEqualTypeOf<ExpressRequest>();
    response.json(request.url);
    next(error);
  }),
);
const named: ErrorRequestHandler = fiberHandler((error, _request, response, next) => {
  response.json(1);
  next(error);
});
app.use(named);

interface Context<State> {
  req: IncomingMessage;
  body: unknown;
  state: State;
  set(name: string, value: string): void;
}
interface Koa<State> {
  use<More = object>(
    middleware: (context: Context<State & More>, next: () => Promise<unknown>) => unknown,
  ): Koa<State & More>;
}
declare const koa: Koa<{ user: string }>;

koa.use(
  fiberHandler((context, next) => {
    void next(); // blocks
    context.set('x-user', context.state.user);
  }),
);

// Fastify's are its own.
const server = fastify();
server.get<{ Params: { id: string } }>(
  '/users/:id',
  fiberHandler(function (request, reply) {
    expectTypeOf(request.params.id).toEqualTypeOf<string>();
    this.log.info(reply.code(200).statusCode);
    return { url: request.url };
  }),
);
server.route({
  method: 'GET',
  url: '/',
  handler: fiberHandler((request, reply) => request.url.length + reply.statusCode),
  preHandler: fiberHandler((request: FastifyRequest) => {
    request.log.info('seen');
  }),
});
server.addHook(
  'preHandler',
  fiberHandler((request, reply) => {
    expectTypeOf(request.url).toEqualTypeOf<string>();
    expectTypeOf(reply.statusCode).toEqualTypeOf<number>();
  }),
);
server.setErrorHandler<Error>(
  fiberHandler((error, request, reply: FastifyReply) => {
    reply.code(500);
    return `${request.url}: ${error.message}`;
  }),
);
server.setNotFoundHandler(
  fiberHandler((request, reply) => {
    reply.code(404);
    return request.url;
  }),
);

// node:http
const plain = fiberHandler((request: IncomingMessage, response: ServerResponse) => {
  response.end(request.url);
});
http.createServer((request, response) => void plain(request, response));
expectTypeOf(fiberHandler((a: number) => a)(1)).toEqualTypeOf<Promise<unknown>>();
fiberHandler(() => 1, { handlerTimeout: 5 });
// @ts-expect-error: a number of milliseconds
fiberHandler(() => 1, { handlerTimeout: '5' });
// @ts-expect-error: a handler is a function
fiberHandler(5);

// Any server can be shut down.
expectTypeOf(shutdown(app.listen(0), 1)).toEqualTypeOf<Promise<void>>();
void shutdown(http.createServer());
void shutdown(https.createServer(), 5);
void shutdown(server, 5);
// @ts-expect-error: what listen() answered, not the application
void shutdown(app);

expectTypeOf(new HttpError(404, 'no such thing', { headers: { a: 'b' } }).status).toBeNumber();
// @ts-expect-error: a number
new HttpError('404');
