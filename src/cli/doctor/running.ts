import type { CheckContext } from './finding.ts'

/** With a body: a POST of JSON. */
export async function getRunning(
  { url, token }: NonNullable<CheckContext['running']>,
  path: string,
  body?: object,
): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, {
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw error instanceof Error && error.cause !== undefined ? error.cause : error
  }
}
