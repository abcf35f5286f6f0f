import type { Assembly } from '../branch.ts'
import type { ClientTls, Sasl } from '../flp-file.ts'
import type { Certificate, FileReference, Kafka, Tls } from './shape.ts'

export class Mounts {
  readonly #folder: string
  readonly #assembly: Assembly

  constructor(folder: string, assembly: Assembly) {
    this.#folder = folder.replace(/\/+$/, '')
    this.#assembly = assembly
  }

  file(at: string, type: string | undefined, name = '', key = ''): string {
    const kind = /^configmap$/i.test(type ?? '') ? 'config map' : 'secret'
    const path = `${this.#folder}/${name}/${key}`
    this.#assembly.report.note(at, `mount key \`${key}\` of the ${kind} \`${name}\` at ${path}`)
    return path
  }

  reference(at: string, { type, name, file }: FileReference): string {
    return this.file(at, type, name, file)
  }

  certificate(at: string, { type, name = '', certFile = '', certKey = '' }: Certificate) {
    if (name === '') return { cert: '', key: '' }
    return {
      cert: certFile === '' ? '' : this.file(at, type, name, certFile),
      key: certKey === '' ? '' : this.file(at, type, name, certKey),
    }
  }

  tls(at: string, given: Tls | undefined): ClientTls | undefined {
    if (given?.enable !== true) return undefined
    const { insecureSkipVerify = false, caCert = {}, userCert = {} } = given
    const user = this.certificate(`${at}.userCert`, userCert)
    return {
      insecureSkipVerify,
      caCertPath: insecureSkipVerify ? '' : this.certificate(`${at}.caCert`, caCert).cert,
      userCertPath: user.cert,
      userKeyPath: user.key,
    }
  }

  sasl(at: string, given: Kafka['sasl']): Sasl | undefined {
    const { type = 'Disabled', clientIDReference = {}, clientSecretReference = {} } = given ?? {}
    if (type === 'Disabled') return undefined
    return {
      type: type === 'Plain' ? 'plain' : 'scramSHA512',
      clientIDPath: this.reference(`${at}.clientIDReference`, clientIDReference),
      clientSecretPath: this.reference(`${at}.clientSecretReference`, clientSecretReference),
    }
  }
}
