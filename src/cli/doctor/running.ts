import type { Dialect } from '../../query/index.ts'
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

/**
 * Rows of the store; undefined without it, without a running Weir, or without the right to query. Rejects if the query
 * fails.
 */
export async function queryRunning<T>(
  { config, running }: Pick<CheckContext, 'config' | 'running'>,
  sqlOf: (dialect: Dialect) => string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<readonly T[] | undefined> {
  const { enabled } = config.store
  if (running === undefined || running.url === '' || enabled === 'none') return undefined
  const { dialectOf } = await import('../../query/index.ts')
  const sql = sqlOf(dialectOf({ dialect: enabled === 'clickhouse' ? 'clickhouse' : 'duckdb' }))
  const answer = await getRunning(running, '/api/v1/sql', { sql, parameters })
  if (answer.status === 401 || answer.status === 403) return undefined
  if (!answer.ok) throw new Error(`the query failed: HTTP ${answer.status} ${(await answer.text()).slice(0, 300)}`)
  return (await answer.json()) as readonly T[]
}
