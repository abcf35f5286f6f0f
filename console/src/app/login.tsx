import { useQuery } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import type { Logins } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { asApiError, type ApiError } from '../api/problem.ts'
import { logIn } from './log-in.ts'
import { QueryError } from '../parts/states.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

export default function Login(): React.ReactNode {
  const ways = useQuery({
    queryKey: ['login'],
    queryFn: ({ signal }) => request<Logins>('/api/v1/login', { signal }),
    staleTime: Infinity,
  })
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<ApiError>()
  const path = useLocation({ select: ({ pathname, searchStr }) => pathname + searchStr })
  const submit = () => {
    setBusy(true)
    setRefused(undefined)
    logIn(typed.trim())
      .catch((error: unknown) => setRefused(asApiError(error)))
      .finally(() => setBusy(false))
  }
  return (
    <main className="login">
      <form
        className="panel"
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy) submit()
        }}
      >
        <h1>
          <img src="/icon.svg" alt="" width="22" height="22" /> {appText.weir}
        </h1>
        <p className="dim">{appText.signInToWeir}</p>
        {ways.isPending && (
          <p className="loading" role="status">
            {appText.loadingSignInOptions}
          </p>
        )}
        {ways.isError && <QueryError of={ways} />}
        {ways.data?.oidc === true && (
          <a className="button primary" href={`/api/v1/login/oidc?to=${encodeURIComponent(path)}`}>
            {appText.signInWithProvider}
          </a>
        )}
        {ways.data?.oidc === true && ways.data.token && <p className="dim or">{appText.orWithAToken}</p>}
        {ways.data?.token === true && (
          <>
            <label htmlFor="token">{appText.token}</label>
            <input
              id="token"
              type="password"
              autoComplete="current-password"
              required
              autoFocus
              aria-invalid={refused?.status === 401}
              aria-describedby="token-hint token-refused"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
            <p id="token-hint" className="dim">
              {appText.tokenHint} <code>{appText.authTokens}</code> {appText.tokenHintEnd}
            </p>
            <div id="token-refused">
              {refused !== undefined && (
                <p role="alert" className="bad">
                  {refused.message} {refused.status === 401 ? '' : refused.hints.join(' ')}
                  {refused.queryId !== undefined && (
                    <span className="dim mono"> {generalText.queryId(refused.queryId)}</span>
                  )}
                </p>
              )}
            </div>
            <button type="submit" className="primary" aria-disabled={busy}>
              {busy ? appText.signingIn : appText.signIn}
            </button>
          </>
        )}
      </form>
    </main>
  )
}
