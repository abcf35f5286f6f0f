/** Lines of the logs of the shop's workloads, with levels, labels and JSON. */
import { SeededRandom } from '../test/kit/random.ts'
import { isRolledOut, type ShopEvent } from './shop.ts'

const linesPerSecond = 4
const apps = ['web', 'api', 'payments'] as const
const paths = ['/', '/cart', '/checkout', '/orders', '/search'] as const

type App = (typeof apps)[number]
type Line = Readonly<{ severity: string; line: string; metadata?: Readonly<Record<string, string>> }>

export class ShopLogs {
  readonly #random: SeededRandom
  readonly #run: string
  #lines = 0
  #due = 0

  constructor(seed: number, run: string) {
    this.#random = new SeededRandom(seed)
    this.#run = run
  }

  /** Lines until `at` (ms since the start), as events of family `log`. */
  lines(at: number, now: number): ShopEvent[] {
    const events: ShopEvent[] = []
    for (; this.#due <= at; this.#due += 1000 / linesPerSecond) events.push(this.#event(at, now))
    return events
  }

  #event(at: number, now: number): ShopEvent {
    const app = this.#random.pick(apps)
    const pod = `${app}-${this.#random.pick(['7d9c4', 'b51fa'])}`
    const { line, severity, metadata } = this.#line(app, at)
    return {
      specversion: '1.0',
      id: `${this.#run}-line-${++this.#lines}`,
      source: `/clusters/shop/pods/${pod}`,
      type: 'weir.log',
      subject: pod,
      weirfamily: 'log',
      time: new Date(now).toISOString(),
      datacontenttype: 'application/json',
      data: {
        line,
        severity,
        labels: { app, namespace: 'shop', pod },
        ...(metadata === undefined ? {} : { metadata }),
      },
    }
  }

  #line(app: App, at: number): Line {
    const order = `order-${1000 + (this.#lines % 500)}`
    const ms = this.#random.integer(3, isRolledOut(at) ? 900 : 90)
    if (app === 'api' && isRolledOut(at))
      return {
        severity: 'error',
        line: `connection to database:5432 timed out after ${ms + 4000} ms, retrying`,
        metadata: { order },
      }
    if (app === 'payments') {
      const isSlow = ms > 80
      const body = { level: isSlow ? 'warn' : 'info', msg: isSlow ? 'slow payment' : 'payment accepted', order, ms }
      return { severity: body.level, line: JSON.stringify(body), metadata: { order } }
    }
    const path = this.#random.pick(paths)
    if (this.#random.chance(0.3)) return { severity: 'debug', line: `cache hit key=${path} ms=${ms}` }
    return { severity: 'info', line: `method=GET path=${path} status=200 ms=${ms}` }
  }
}
