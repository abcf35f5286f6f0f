import type { RunningWeir } from '../app/start/index.ts'
import { realHost, type Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { messageOf } from '../model/errors.ts'
import { openClient, type Client } from '../net/kubernetes/client.ts'
import { followObject, readItems, readState, type ObjectPlace } from '../net/kubernetes/follow-object.ts'
import { login } from '../net/kubernetes/login.ts'
import { CommandError } from './client.ts'
import { usesSlices } from '../presets/netobserv/flowcollector/slices.ts'
import { planOfResource, type NetobservFlags, type Planned } from './netobserv-plan.ts'
import { writeFiles } from './preset.ts'

const name = 'netobserv'
const readMs = 30_000

const objectName = 'cluster'
const flowCollector: ObjectPlace = {
  paths: ['v1beta2', 'v1beta1'].map((version) => `/apis/flows.netobserv.io/${version}/flowcollectors`),
  name: objectName,
}
const slices: ObjectPlace = { paths: ['/apis/flows.netobserv.io/v1alpha1/flowcollectorslices'] }

export class FollowedCollector {
  readonly #client: Client
  readonly #host: Host
  readonly #flags: NetobservFlags
  readonly #data: string
  #running = ''
  #object: unknown
  #slices: AbortController | undefined
  #applying: Promise<void> = Promise.resolve()

  private constructor(client: Client, host: Host, flags: NetobservFlags, data: string) {
    this.#client = client
    this.#host = host
    this.#flags = flags
    this.#data = data
  }

  static async open(flags: NetobservFlags, data: string): Promise<FollowedCollector> {
    const host = realHost()
    const options = await login({ host, env: self.env, path: flags.kubeconfig ?? null, context: null })
    return new FollowedCollector(openClient(options), host, flags, data)
  }

  /** The stored configuration of the last start if the resource is invalid or out of reach. */
  async first(): Promise<Planned> {
    let reason: string
    const stop = new AbortController()
    const timer = this.#host.timers.after(readMs, () => stop.abort())
    try {
      const state = await readState(this.#client.ask, flowCollector, stop.signal)
      if (state.object !== undefined) {
        const planned = await this.#planned(state.object, stop.signal)
        this.#running = fingerprint(planned)
        return planned
      }
      reason = 'it does not exist'
    } catch (error) {
      reason = stop.signal.aborted ? 'the server did not respond' : messageOf(error)
    } finally {
      timer.cancel()
    }
    const stored = await this.#host.disk.readFile(`${this.#data}/${name}.yaml`).catch(() => undefined)
    if (stored === undefined || this.#flags.printConfig === true)
      throw new CommandError(`FlowCollector \`${objectName}\` cannot be used: ${reason}`, [
        'Correct the resource, or the access to it (get, list and watch on flowcollectors.flows.netobserv.io).',
      ])
    return {
      plan: {
        config: {},
        files: {},
        notes: [`FlowCollector \`${objectName}\` cannot be used: ${reason}. The last valid configuration runs.`],
      },
      text: new TextDecoder().decode(stored),
    }
  }

  follow(weir: Pick<RunningWeir, 'reload' | 'log'>): void {
    this.#follow(flowCollector, 'FlowCollector', new AbortController().signal, weir, async (object) => {
      this.#object = object
      this.#followSlices(weir)
      await this.#applyNext(weir)
    })
  }

  #follow(
    of: ObjectPlace,
    kind: string,
    signal: AbortSignal,
    { log }: Pick<RunningWeir, 'log'>,
    onState: (object: unknown) => Promise<void>,
  ) {
    followObject({
      ask: this.#client.ask,
      host: this.#host,
      place: of,
      signal,
      onState,
      onTrouble: (reason) =>
        log.warn(`The ${kind} cannot be followed; the running configuration stays active.`, { reason }),
    }).catch((error: unknown) => log.error(`following the ${kind} ended`, { error: messageOf(error) }))
  }

  /** The resources exist only in later versions of the operator. */
  #followSlices(weir: Pick<RunningWeir, 'reload' | 'log'>) {
    if (!usesSlices(this.#object)) {
      this.#slices?.abort()
      this.#slices = undefined
    } else if (this.#slices === undefined) {
      this.#slices = new AbortController()
      this.#follow(slices, 'FlowCollectorSlice', this.#slices.signal, weir, () => this.#applyNext(weir))
    }
  }

  #applyNext(weir: Pick<RunningWeir, 'reload' | 'log'>) {
    this.#applying = this.#applying.then(() => this.#apply(this.#object, weir))
    return this.#applying
  }

  async #apply(object: unknown, { reload, log }: Pick<RunningWeir, 'reload' | 'log'>) {
    if (object === undefined)
      return log.warn('The FlowCollector does not exist; the running configuration stays active.', { name: objectName })
    let planned: Planned
    try {
      planned = await this.#planned(object)
    } catch (error) {
      return log.error('The FlowCollector was rejected; the running configuration stays active.', {
        reason: messageOf(error),
      })
    }
    if (fingerprint(planned) === this.#running) return
    const before = await this.#stored([...Object.keys(planned.plan.files), `${name}.yaml`])
    await writeFiles(this.#host, this.#data, { ...planned.plan.files, [`${name}.yaml`]: planned.text })
    for (const note of planned.plan.notes) log.info('FlowCollector', { note })
    const { ok } = await reload()
    // The next start must not read the rejected configuration.
    if (ok) this.#running = fingerprint(planned)
    else await writeFiles(this.#host, this.#data, before)
  }

  async #stored(names: readonly string[]): Promise<Record<string, string>> {
    const texts: Record<string, string> = {}
    for (const file of names) {
      const bytes = await this.#host.disk.readFile(`${this.#data}/${file}`).catch(() => undefined)
      if (bytes !== undefined) texts[file] = new TextDecoder().decode(bytes)
    }
    return texts
  }

  /** `signal`: ends reading the slices; default: after {@link readMs}. */
  async #planned(resource: unknown, signal?: AbortSignal): Promise<Planned> {
    if (!usesSlices(resource))
      return planOfResource({ resource, slices: [] }, this.#flags, this.#data, { followed: true })
    const stop = new AbortController()
    const timer = this.#host.timers.after(readMs, () => stop.abort())
    try {
      const { items } = await readItems(this.#client.ask, slices, signal ?? stop.signal)
      return await planOfResource({ resource, slices: items }, this.#flags, this.#data, { followed: true })
    } finally {
      timer.cancel()
    }
  }
}

function fingerprint({ text, plan }: Planned) {
  return JSON.stringify([text, plan.files])
}
