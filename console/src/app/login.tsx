import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import { asRefused } from '../api/problem.ts'
import { queryClient } from '../api/queries.ts'
import { loggedIn } from '../api/session.ts'

interface Logins {
  readonly token: boolean
  readonly oidc: boolean
}

/** Shown instead of everything else while the server wants to know who asks. */
export function Login(): React.ReactNode {
  const ways = useQuery({ queryKey: ['login'], queryFn: ({ signal }) => ask<Logins>('/api/v1/login', { signal }), staleTime: Infinity })
  const [typed, setTyped] = useState('')
  const [said, setSaid] = useState('')
  return (
    <main className="login">
      <form
        className="panel"
        onSubmit={(event) => {
          event.preventDefault()
          logIn(typed.trim()).catch((error: unknown) => setSaid(asRefused(error).message))
        }}
      >
        <h1><img src="/icon.svg" alt="" width="22" height="22" /> Weir</h1>
        <p className="dim">This Weir wants to know who asks.</p>
        {ways.data?.oidc === true && <a className="button primary" href="/api/v1/login/oidc">Log in with your provider</a>}
        {ways.data?.token !== false && (
          <>
            <label htmlFor="token">Token</label>
            <input id="token" type="password" autoComplete="current-password" required autoFocus aria-describedby="token-hint" value={typed} onChange={(event) => setTyped(event.target.value)} />
            <p id="token-hint" className="dim">One of <code>auth.tokens</code> in the configuration of this Weir, or the one that it showed at its first start.</p>
            {said !== '' && <p role="alert" className="bad">{said}</p>}
            <button type="submit" className="primary">Log in</button>
          </>
        )}
      </form>
    </main>
  )
}

/** Exchanges a token for a session of this browser; rejects when the token is not taken. */
export async function logIn(token: string): Promise<void> {
  await ask('/api/v1/login', { method: 'POST', body: { token } })
  queryClient.clear()
  loggedIn()
}

/** Ends the session here and, where there is one, at the provider. */
export async function logOut(): Promise<void> {
  const { redirect } = await ask<{ redirect: string | null }>('/api/v1/logout', { method: 'POST' })
  if (redirect === null) location.reload()
  else location.assign(redirect)
}
