import type { Host } from '../host/index.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import { bufferShortage, listenUdp, type Datagrams, type UdpListener } from './udp.ts'

type UdpListenersOptions = Readonly<{
  source: string
  places: readonly Readonly<{ host: string; port: number }>[]
  receiveBuffer: number
  onDatagrams(datagrams: Datagrams, listener: number): void
  environment: Pick<Host, 'clock' | 'timers'>
  log: Log
  metrics: Metrics
}>

export type UdpListenerStatus = Readonly<{
  address: string
  receiveBuffer: number
  kernelDrops: number
}>

interface Listening {
  readonly udp: UdpListener
  readonly address: string
  kernelDrops: number
}

export class UdpListeners {
  readonly #options: UdpListenersOptions
  readonly #all: Listening[] = []

  private constructor(options: UdpListenersOptions) {
    this.#options = options
  }

  static async open(options: UdpListenersOptions): Promise<UdpListeners> {
    const listeners = new UdpListeners(options)
    try {
      for (const address of options.places) await listeners.#open(address)
    } catch (error) {
      await listeners.close()
      throw error
    }
    return listeners
  }

  get addresses(): readonly string[] {
    return this.#all.map(({ address }) => `udp://${address}`)
  }

  status(): readonly UdpListenerStatus[] {
    return this.#all.map(({ udp, address, kernelDrops }) => ({
      address,
      receiveBuffer: udp.receiveBuffer,
      kernelDrops,
    }))
  }

  /** Datagrams dropped by the kernel since the last call. Counts and logs them. */
  async newKernelDrops(): Promise<number> {
    let sum = 0
    for (const listening of this.#all) {
      const drops = (await listening.udp.drops()) ?? 0
      const more = drops - listening.kernelDrops
      if (more <= 0) continue
      sum += more
      listening.kernelDrops = drops
      const { source, metrics, log } = this.#options
      metrics.count('weir_udp_kernel_dropped_datagrams_total', more, { source, listener: listening.address })
      log.error(
        'The kernel dropped datagrams that were not read in time; raise net.core.rmem_max and the receive buffer.',
        {
          source,
          listener: listening.address,
          datagrams: more,
        },
      )
    }
    return sum
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ udp }) => udp.close()))
  }

  async #open(position: Readonly<{ host: string; port: number }>) {
    const { source, receiveBuffer, environment, log, metrics } = this.#options
    const listener = this.#all.length
    const udp = await listenUdp({
      ...position,
      receiveBuffer,
      environment,
      onDatagrams: (datagrams) => this.#options.onDatagrams(datagrams, listener),
      onError: (error) =>
        log.warn('Receiving reported an error; the socket stays open.', { source, listener: address, error }),
    })
    const address = `${udp.host.includes(':') ? `[${udp.host}]` : udp.host}:${udp.port}`
    this.#all.push({ udp, address, kernelDrops: 0 })
    metrics.set('weir_udp_receive_buffer_bytes', udp.receiveBuffer, { source, listener: address })
    const shortage = bufferShortage(udp, receiveBuffer)
    if (shortage !== undefined) log.warn(shortage, { source, listener: address })
  }
}
