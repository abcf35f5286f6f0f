import type { Disk } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'
import type { Tls } from '../schema/index.ts'
import type { ListenerTls } from '../schema/listener-tls.ts'
import type { Log } from '../telemetry/ports.ts'
import { readTls, type TlsOptions } from './tls.ts'

export type Certificate = Readonly<{
  cert: string
  key: string
}>

export class TlsFiles {
  readonly #tls: Tls
  readonly #disk: Disk
  #current: TlsOptions
  #problem: string | undefined

  private constructor(tls: Tls, disk: Disk, current: TlsOptions) {
    this.#tls = tls
    this.#disk = disk
    this.#current = current
  }

  static async open(written: Partial<Tls>, disk: Disk): Promise<TlsFiles> {
    const tls = { ca_file: null, cert_file: null, key_file: null, server_name: null, verify: true, ...written }
    return new TlsFiles(tls, disk, await read(tls, disk))
  }

  static async ofListener(tls: ListenerTls | null, disk: Disk): Promise<TlsFiles | undefined> {
    if (tls === null) return undefined
    return TlsFiles.open({ ca_file: tls.client_ca_file, cert_file: tls.cert_file, key_file: tls.key_file }, disk)
  }

  get current(): TlsOptions {
    return this.#current
  }

  get certificate(): Certificate {
    const { cert = '', key = '' } = this.#current
    return { cert, key }
  }

  /** If the files are unusable, the listener keeps its certificate and logs one warning. */
  async renew(listener: string, log: Log, use: () => void, fields: { readonly source?: string } = {}): Promise<void> {
    const before = this.#current
    try {
      const now = await read(this.#tls, this.#disk)
      if (JSON.stringify(now) !== JSON.stringify(before)) {
        this.#current = now
        use()
        log.info(`The certificate of ${listener} was renewed.`, fields)
      }
      this.#problem = undefined
    } catch (error) {
      this.#current = before
      const problem = messageOf(error)
      if (problem !== this.#problem)
        log.warn(`The certificate of ${listener} could not be read again; the listener keeps the old one.`, {
          ...fields,
          error: problem,
        })
      this.#problem = problem
    }
  }
}

async function read(tls: Tls, disk: Disk) {
  return (await readTls(tls, disk)) ?? { rejectUnauthorized: true }
}
