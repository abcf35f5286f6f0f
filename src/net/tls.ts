import type { Disk } from '../host/index.ts'
import type { Tls } from '../schema/index.ts'
import { withoutUndefined } from '../model/json.ts'

export type TlsOptions = Readonly<{
  ca?: string
  cert?: string
  key?: string
  servername?: string
  rejectUnauthorized: boolean
}>

/** Rejects with the name of the unreadable file. */
export async function readTls(tls: Tls | null, disk: Disk): Promise<TlsOptions | undefined> {
  if (tls === null) return undefined
  const [ca, cert, key] = await Promise.all(
    [tls.ca_file, tls.cert_file, tls.key_file].map((path) => readPem(path, disk)),
  )
  return {
    rejectUnauthorized: tls.verify,
    ...withoutUndefined({ ca, cert, key }),
    ...(tls.server_name === null ? {} : { servername: tls.server_name }),
  }
}

async function readPem(path: string | null, disk: Disk): Promise<string | undefined> {
  if (path === null) return undefined
  try {
    return Buffer.from(await disk.readFile(path)).toString()
  } catch (cause) {
    throw new Error(`the TLS file ${path} cannot be read; check that it exists and that Weir has read access`, {
      cause,
    })
  }
}
