import { wrongValue } from 'greenfiber/lowlevel';

import { file } from './file';

/** What the command line says of the body. */
export interface BodyOptions {
  readonly body?: string;
  readonly bodyFile?: string;
  /** `name=value`, or `name=@file`. */
  readonly form: readonly string[];
}

/**
 * The body that the command line asks for: bytes that every thread can be given.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_LOAD_DATA`
 */
export async function requestBody({
  body,
  bodyFile,
  form,
}: BodyOptions): Promise<{ body?: string | Uint8Array; type?: string }> {
  const given = [body !== undefined, bodyFile !== undefined, form.length > 0].filter(Boolean);
  if (given.length > 1) {
    throw wrongValue('--body', 'the only one of --body, --body-file and --form', body ?? bodyFile);
  }
  if (body !== undefined) return { body };
  if (bodyFile !== undefined) return { body: await bytesOf(file(bodyFile)) };
  if (form.length === 0) return {};
  const fields = new FormData();
  for (const field of form) {
    const [, name, at, value = ''] = /^([^=]+)=(@?)(.*)$/s.exec(field) ?? [];
    if (name === undefined)
      throw wrongValue('--form', 'such as "name=value" or "name=@file"', field);
    if (at === '@') fields.append(name, file(value));
    else fields.append(name, value);
  }
  const response = new Response(fields);
  const type = response.headers.get('content-type');
  return { body: await bytesOf(response), ...(type !== null && { type }) };
}

async function bytesOf(source: Blob | Response): Promise<Uint8Array> {
  return new Uint8Array(await source.arrayBuffer());
}
