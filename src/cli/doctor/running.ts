import { self } from '../../host/process.ts'

export async function getRunning(url: string, path: string): Promise<Response> {
  const token = self.env['WEIR_TOKEN']
  try {
    return await fetch(`${url}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  } catch (error) {
    throw error instanceof Error && error.cause !== undefined ? error.cause : error
  }
}
