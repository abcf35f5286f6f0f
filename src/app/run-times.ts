import type { Log } from '../engine/contracts.ts'
import type { TimeRange } from '../engine/control.ts'
import { replaceFile, type Host, type Timer } from '../host/index.ts'

const fileName = 'runs.json'
const beatMs = 10_000
const maxRuns = 1000

type RunConfig = Readonly<{
  data: string
  journal: Readonly<{ on: Readonly<{ type: string }> }>
  store: Readonly<{ enabled: string }>
}>

/** Unix ms. `to`: of a killed run, up to 10 s too early. */
type Run = { from: number; to: number }

/** When Weir ran with a data folder: it received nothing at other times. */
export class RunTimes {
  readonly #host: Host
  readonly #folder: string
  readonly #log: Log
  /** Other instances may receive, too: the times of this one mean nothing. */
  readonly #others: boolean
  readonly #runs: Run[]
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #failed = false

  private constructor(host: Host, folder: string, log: Log, others: boolean, runs: Run[]) {
    this.#host = host
    this.#folder = folder
    this.#log = log
    this.#others = others
    this.#runs = runs
  }

  static async open(host: Host, { data, journal, store }: RunConfig, log: Log): Promise<RunTimes> {
    const others = journal.on.type !== 'files' || store.enabled === 'clickhouse'
    return new RunTimes(host, data, log, others, others ? [] : await earlierRuns(host, `${data}/${fileName}`, log))
  }

  /** Call it when the sources receive. */
  begin(): void {
    if (this.#others) return
    const now = this.#host.clock.now()
    this.#runs.push({ from: now, to: now })
    this.#runs.splice(0, this.#runs.length - maxRuns)
    this.#timer = this.#host.timers.every(beatMs, () => void this.#beat())
    // A start does not wait for the disk.
    this.#host.timers.after(0, () => void this.#beat())
  }

  /** Call it when the sources no longer receive. */
  async end(): Promise<void> {
    if (this.#others) return
    this.#timer?.cancel()
    await this.#writing
    await this.#beat()
  }

  /** Times between runs, ascending. */
  stops(): readonly TimeRange[] {
    return this.#runs.flatMap(({ from: to }, index) => {
      const from = this.#runs[index - 1]?.to
      return from === undefined || from >= to ? [] : [{ from, to }]
    })
  }

  #beat(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    return this.#writing
  }

  async #write(): Promise<void> {
    const run = this.#runs.at(-1)
    if (run !== undefined) run.to = Math.max(run.to, this.#host.clock.now())
    const text = JSON.stringify({ runs: this.#runs })
    try {
      await replaceFile(this.#host.disk, this.#folder, fileName, [Buffer.from(text)])
      this.#failed = false
    } catch (error) {
      if (!this.#failed) this.#log.warn('The time of this run cannot be stored.', { file: fileName, error })
      this.#failed = true
    }
  }
}

/** Without a readable file no earlier run is known. */
async function earlierRuns({ disk }: Host, path: string, log: Log): Promise<Run[]> {
  if ((await disk.stat(path)) === undefined) return []
  try {
    return parsed(Buffer.from(await disk.readFile(path)).toString('utf8'))
  } catch (error) {
    log.warn('The times of earlier runs cannot be read. Charts draw 0 for times when Weir did not run.', {
      file: path,
      error,
    })
    return []
  }
}

function parsed(text: string): Run[] {
  const { runs } = JSON.parse(text) as { runs?: unknown }
  if (!Array.isArray(runs)) throw new Error('"runs" is not a list')
  return runs.map((run: unknown) => {
    const { from, to } = run as Partial<Run>
    if (typeof from !== 'number' || typeof to !== 'number' || to < from) throw new Error('a run has no times')
    return { from, to }
  })
}
