/** The token of this tab, where the server needs one. It may come once in the address (#token=…) and leaves it at once. */
const key = 'weir-token'

const given = new URLSearchParams(location.hash.slice(1)).get('token')
if (given !== null) {
  sessionStorage.setItem(key, given)
  history.replaceState(null, '', '#/home')
}

/** @param {string} token */
export function useToken(token) {
  sessionStorage.setItem(key, token)
}

export function forgetToken() {
  sessionStorage.removeItem(key)
}

/** A problem that the server described (RFC 9457), or the lack of an answer. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {number} retryAfter seconds; 0 when the server named none
   */
  constructor(status, detail, retryAfter) {
    super(detail)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/**
 * Asks the API; throws Refused with words for the reader.
 * @param {string} path
 * @param {{ method?: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [options]
 */
export async function ask(path, { method = 'GET', body, headers = {}, signal } = {}) {
  const token = sessionStorage.getItem(key)
  /** @type {RequestInit} */
  const init = {
    method,
    headers: {
      ...headers,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }
  const answer = await fetch(path, init)
  if (answer.ok) return answer
  const problem = await answer.json().catch(() => ({}))
  throw new Refused(answer.status, problem.detail ?? `The server answered ${answer.status}.`, Number(answer.headers.get('retry-after') ?? 0))
}
