export type FailedRequest = Readonly<{
  fault: 'auth' | 'forbidden' | 'rate_limited' | 'server'
  message: string
  afterMs: number
  /** A retry of the same request may succeed. */
  mayPass: boolean
}>

/** A request that the API of a cloud refused. `login` and `allow`: the actions after a refusal. */
export function failedRequest({
  status,
  message,
  what,
  afterMs,
  login,
  allow,
}: Readonly<{
  status: number
  /** Message in the body; may be empty. */
  message: string
  what: string
  afterMs: number
  login: string
  allow: string
}>): FailedRequest {
  const detail = failureDetail(status, message)
  if (status === 401)
    return { fault: 'auth', message: `${what} rejected the login (${detail}); ${login}`, afterMs: 0, mayPass: false }
  if (status === 403)
    return {
      fault: 'forbidden',
      message: `${what} denies read access (${detail}); ${allow}`,
      afterMs: 0,
      mayPass: false,
    }
  if (status === 429)
    return { fault: 'rate_limited', message: `${what} limits the request rate (${detail})`, afterMs, mayPass: true }
  if (status >= 500 || status === 408)
    return { fault: 'server', message: `${what} is unavailable (${detail})`, afterMs, mayPass: true }
  const rejected = `${what} rejected the request (${detail}); correct the settings`
  return { fault: 'server', message: rejected, afterMs, mayPass: false }
}

/** `HTTP 403, no access`. */
export function failureDetail(status: number, message: string): string {
  return `HTTP ${status}${message === '' ? '' : `, ${message.slice(0, 300).replace(/\.$/, '')}`}`
}
