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

/** Rows of the embedded store; undefined without it, without a running Weir, or without the right to query. */
export async function queryRunning<T>(
  { config, running }: Pick<CheckContext, 'config' | 'running'>,
  sql: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<readonly T[] | undefined> {
  if (running === undefined || running.url === '' || config.store.enabled !== 'parquet') return undefined
  const answer = await getRunning(running, '/api/v1/sql', { sql, parameters })
  return answer.ok ? ((await answer.json()) as readonly T[]) : undefined
}
