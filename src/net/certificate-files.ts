import type { Disk } from '../host/index.ts'
import { readTls } from './tls.ts'

/** Certificate and private key of a listener, PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

interface Paths {
  readonly cert_file: string
  readonly key_file: string
}

/** The files of a certificate. They are renewed under the same names. */
export class CertificateFiles {
  readonly #paths: Paths
  readonly #disk: Disk
  #current: Certificate

  private constructor(paths: Paths, disk: Disk, current: Certificate) {
    this.#paths = paths
    this.#disk = disk
    this.#current = current
  }

  /** Rejects with a message that names the file that cannot be read. */
  static async open(paths: Paths, disk: Disk): Promise<CertificateFiles> {
    return new CertificateFiles(paths, disk, await read(paths, disk))
  }

  get current(): Certificate {
    return this.#current
  }

  /** The certificate, if the files have changed since the last call. Rejects as `open`. */
  async renewed(): Promise<Certificate | undefined> {
    const now = await read(this.#paths, this.#disk)
    if (now.cert === this.#current.cert && now.key === this.#current.key) return undefined
    return (this.#current = now)
  }
}

async function read(paths: Paths, disk: Disk): Promise<Certificate> {
  const { cert = '', key = '' } =
    (await readTls({ ca_file: null, server_name: null, verify: true, ...paths }, disk)) ?? {}
  return { cert, key }
}
