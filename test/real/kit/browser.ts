// The parts of a browser that a login needs: cookies, redirects, and forms. No script runs.
import { request } from 'node:http'

export interface Page {
  readonly status: number
  readonly url: string
  readonly text: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Visited addresses, first and last included. */
  readonly way: readonly string[]
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly host: string
  readonly path: string
  readonly sameSite: string
}

interface Visit {
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** False: returns the first response. */
  readonly follow?: boolean
}

export class Browser {
  #cookies: Cookie[] = []

  async open(address: string, visit: Visit = {}): Promise<Page> {
    const way: string[] = []
    let [url, now] = [address, visit]
    for (;;) {
      way.push(url)
      const page = await this.#ask(new URL(url), now)
      const next = page.headers['location']
      if (page.status < 300 || page.status >= 400 || typeof next !== 'string' || visit.follow === false)
        return { ...page, way }
      if (way.length > 12) throw new Error(`too many redirects: ${way.join(' → ')}`)
      url = new URL(next, url).href
      now = {}
    }
  }

  /** Fills in the only form of a page and sends it. */
  submit({ text, url }: Page, values: Readonly<Record<string, string>>): Promise<Page> {
    const form = /<form[^>]*\saction="([^"]*)"/.exec(text)?.[1]
    if (form === undefined) throw new Error(`no form at ${url}:\n${text.slice(0, 2000)}`)
    const hidden = [...text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)]
      .map(([input]) => [/name="([^"]*)"/.exec(input)?.[1] ?? '', /value="([^"]*)"/.exec(input)?.[1] ?? ''] as const)
      .filter(([name]) => name !== '')
    return this.open(new URL(form.replaceAll('&amp;', '&'), url).href, {
      method: 'POST',
      form: { ...Object.fromEntries(hidden), ...values },
    })
  }

  /** As a page of that server queries its own API. */
  api(base: string, method: 'GET' | 'POST' | 'PUT', path: string, json?: unknown): Promise<Page> {
    return this.open(base + path, {
      method,
      ...(json === undefined ? {} : { json }),
      headers: { origin: base, 'sec-fetch-site': 'same-origin' },
      follow: false,
    })
  }

  cookie(name: string): string | undefined {
    return this.#cookies.find((cookie) => cookie.name === name)?.value
  }

  cookiesFor(address: string): string {
    const { host, pathname } = new URL(address)
    return this.#cookies
      .filter((cookie) => cookie.host === host && pathname.startsWith(cookie.path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  #ask(url: URL, { method = 'GET', form, json, headers = {} }: Visit): Promise<Omit<Page, 'way'>> {
    const body =
      form === undefined
        ? json === undefined
          ? undefined
          : JSON.stringify(json)
        : new URLSearchParams(form).toString()
    const cookie = this.cookiesFor(url.href)
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method,
          agent: false,
          headers: {
            accept: 'text/html,*/*',
            ...(cookie === '' ? {} : { cookie }),
            ...(body === undefined
              ? {}
              : {
                  'content-type': form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
                  'content-length': String(Buffer.byteLength(body)),
                }),
            ...headers,
          },
        },
        (answer) => {
          this.#keep(url, answer.headers['set-cookie'] ?? [])
          let text = ''
          answer
            .setEncoding('utf8')
            .on('data', (piece: string) => (text += piece))
            .on('end', () => resolve({ status: answer.statusCode ?? 0, url: url.href, text, headers: answer.headers }))
            .on('error', reject)
        },
      )
      sent.on('error', reject).end(body)
    })
  }

  #keep({ host }: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(/;\s*/)
      const attribute = (wanted: string): string | undefined =>
        attributes.find((each) => each.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1)
      const at = pair.indexOf('=')
      const cookie = {
        name: pair.slice(0, at),
        value: pair.slice(at + 1),
        host,
        path: attribute('path') ?? '/',
        sameSite: attribute('samesite') ?? '',
      }
      this.#cookies = this.#cookies.filter(
        (other) => !(other.name === cookie.name && other.host === host && other.path === cookie.path),
      )
      if (attribute('max-age') !== '0' && cookie.value !== '') this.#cookies.push(cookie)
    }
  }
}
