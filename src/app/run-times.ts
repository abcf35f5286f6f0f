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

type Memory = Readonly<{ used: number; limit: number }>

type Machine = Readonly<{
  host: Host
  log: Log
  /** Memory of the process, in bytes. */
  memory: () => Memory
}>

/** Present while a run has not stopped. */
type Open = Readonly<{ at: number }> & Memory

type Earlier = Readonly<{ runs: Run[]; open?: Open }>

/** When Weir ran with a data folder: it received nothing at other times. */
export class RunTimes {
  readonly #host: Host
  readonly #folder: string
  readonly #log: Log
  /** Other instances may receive, too: the times of this one mean nothing. */
  readonly #others: boolean
  readonly #runs: Run[]
  readonly #memory: () => Memory
  #isOpen = false
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #failed = false

  private constructor(
    { host, log, memory }: Machine,
    { folder, others, runs }: Readonly<{ folder: string; others: boolean; runs: Run[] }>,
  ) {
    this.#host = host
    this.#log = log
    this.#memory = memory
    this.#folder = folder
    this.#others = others
    this.#runs = runs
  }

  /** Logs if the previous run did not stop: its own last line may be missing. */
  static async open(machine: Machine, { data, journal, store }: RunConfig): Promise<RunTimes> {
    const others = journal.on.type !== 'files' || store.enabled === 'clickhouse'
    const { runs, open } = await earlierRuns(machine, `${data}/${fileName}`)
    if (open !== undefined)
      machine.log.warn(
        `The previous run ended without a stop, at most ${beatMs / 1000} s after the time \`last_seen\`. It failed, ` +
          'was killed, or had too little memory. Accepted rows are kept.',
        {
          last_seen: new Date(open.at).toISOString(),
          memory_mib: Math.round(open.used / 2 ** 20),
          memory_limit_mib: Math.round(open.limit / 2 ** 20),
        },
      )
    return new RunTimes(machine, { folder: data, others, runs: others ? [] : runs })
  }

  /** Call it when the sources receive. */
  begin(): void {
    this.#isOpen = true
    const now = this.#host.clock.now()
    if (!this.#others) this.#runs.push({ from: now, to: now })
    this.#runs.splice(0, this.#runs.length - maxRuns)
    this.#timer = this.#host.timers.every(beatMs, () => void this.#beat())
    // A start does not wait for the disk.
    this.#host.timers.after(0, () => void this.#beat())
  }

  /** Call it when the sources no longer receive. */
  async end(): Promise<void> {
    this.#timer?.cancel()
    await this.#writing
    await this.#beat()
  }

  /** Call it when all parts have stopped. */
  async close(): Promise<void> {
    this.#isOpen = false
    await this.#writing
    // The end of the run stays.
    await this.#store()
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
    await this.#store()
  }

  async #store() {
    const open = this.#isOpen ? { open: { at: this.#host.clock.now(), ...this.#memory() } } : {}
    const text = JSON.stringify({ runs: this.#runs, ...open })
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
async function earlierRuns({ host: { disk }, log }: Machine, path: string): Promise<Earlier> {
  if ((await disk.stat(path)) === undefined) return { runs: [] }
  try {
    return parsed(Buffer.from(await disk.readFile(path)).toString('utf8'))
  } catch (error) {
    log.warn('The times of earlier runs cannot be read. Charts draw 0 for times when Weir did not run.', {
      file: path,
      error,
    })
    return { runs: [] }
  }
}

function parsed(text: string): Earlier {
  const { runs, open } = JSON.parse(text) as { runs?: unknown; open?: Partial<Open> }
  if (!Array.isArray(runs)) throw new Error('"runs" is not a list')
  const valid = runs.map((run: unknown) => {
    const { from, to } = run as Partial<Run>
    if (typeof from !== 'number' || typeof to !== 'number' || to < from) throw new Error('a run has no times')
    return { from, to }
  })
  const { at, used, limit } = open ?? {}
  const isOpen = typeof at === 'number' && typeof used === 'number' && typeof limit === 'number'
  return { runs: valid, ...(isOpen ? { open: { at, used, limit } } : {}) }
}
