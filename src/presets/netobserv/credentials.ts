import { PresetProblem } from '../given.ts'
import type { Assembly, Settings } from './branch.ts'
import type { ClientTls, Sasl } from './flp-file.ts'

export function tlsOf(tls: ClientTls | undefined): Settings {
  if (tls === undefined) return {}
  const { insecureSkipVerify, caCertPath = '', userCertPath = '', userKeyPath = '' } = tls
  return {
    tls: {
      ...(caCertPath === '' ? {} : { ca_file: caCertPath }),
      ...(userCertPath === '' ? {} : { cert_file: userCertPath, key_file: userKeyPath }),
      ...(insecureSkipVerify === true ? { verify: false } : {}),
    },
  }
}

export function saslOf(sasl: Sasl | undefined, path: string, assembly: Assembly): Settings {
  if (sasl === undefined) return {}
  const { type, clientIDPath = '', clientSecretPath = '' } = sasl
  if (clientIDPath === '' || clientSecretPath === '')
    throw new PresetProblem(`${path}: clientIDPath and clientSecretPath are required`)
  return {
    auth: {
      type: type === 'scramSHA512' ? 'scram-sha-512' : 'plain',
      user: assembly.readFile(clientIDPath).trim(),
      password: `file:${clientSecretPath}`,
    },
  }
}

export function brokerOf(address: string): string {
  return /:\d+$/.test(address) ? address : `${address}:9092`
}
