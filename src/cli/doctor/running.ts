import type { CheckContext } from './finding.ts'

export async function getRunning(
  { url, token }: NonNullable<CheckContext['running']>,
  path: string,
): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  } catch (error) {
    throw error instanceof Error && error.cause !== undefined ? error.cause : error
  }
}
