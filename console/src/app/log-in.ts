import type { LoggedOut } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { loggedIn } from '../api/session.ts'

export async function logIn(token: string): Promise<void> {
  await request('/api/v1/login', { method: 'POST', body: { token } })
  queryClient.clear()
  loggedIn()
}

export async function logOut(): Promise<void> {
  const { redirect } = await request<LoggedOut>('/api/v1/logout', { method: 'POST' })
  if (redirect === null) location.reload()
  else location.assign(redirect)
}
