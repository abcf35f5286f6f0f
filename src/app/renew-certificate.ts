import type { RunningApi } from '../api/options.ts'
import type { Host } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'
import type { CertificateFiles } from '../net/certificate-files.ts'
import type { Log } from '../telemetry/ports.ts'

const everyMs = 30_000

/** Gives the API the certificate of its files when they change. Files that cannot be used leave it as it is, with a warning. */
export function renewCertificate(
  files: CertificateFiles,
  api: RunningApi,
  { timers }: Pick<Host, 'timers'>,
  log: Log,
): void {
  let problem: string | undefined
  const renew = async (): Promise<void> => {
    try {
      const certificate = await files.renewed()
      if (certificate !== undefined) {
        api.renew(certificate)
        log.info('The certificate of the API was renewed.')
      }
      problem = undefined
    } catch (error) {
      const message = messageOf(error)
      if (message !== problem)
        log.warn('The certificate of the API could not be read again; the old one stays.', { error: message })
      problem = message
    }
  }
  timers.every(everyMs, () => void renew())
}
