import { PresetProblem } from '../given.ts'
import type { Reader } from './settings.ts'

type Broker = Readonly<{
  sink: Readonly<Record<string, unknown>>
  files: Readonly<Record<string, string>>
}>

const passwordFile = 'insights-remote-rabbitmq-password'

export function brokerOf(read: Reader, folder: string): Broker {
  const { value, by = '' } = read.given('address')
  const match = /^([\w.-]+|\[[\da-fA-F:]+\])(:\d{1,5})?(?:\/(.*))?$/.exec(value)
  if (match === null) throw new PresetProblem(`${by} is \`${value}\`; it must be a host, or HOST:PORT`)
  const [, host = '', port = '', vhost = ''] = match
  const isTls = read.truth('tls')
  const [ca, cert, key] = (['ca', 'cert', 'key'] as const).map((name) => read.text(name))
  const user = read.text('user')
  const password = read.given('password')
  const isVariable = password.by === 'RABBITMQ_PASSWORD'
  const isGuest = user === 'guest' && password.value === 'guest'
  return {
    sink: {
      type: 'lagoon',
      url: `${isTls ? 'amqps' : 'amqp'}://${host}${port}`,
      ...(vhost === '' ? {} : { vhost: decodeURIComponent(vhost) }),
      ...(isGuest
        ? {}
        : {
            auth: {
              type: 'user',
              user,
              password: isVariable ? 'env:RABBITMQ_PASSWORD' : `file:${folder}/${passwordFile}`,
            },
          }),
      ...(isTls && (ca !== '' || cert !== '')
        ? {
            tls: {
              ...(ca === '' ? {} : { ca_file: ca }),
              ...(cert === '' ? {} : { cert_file: cert, key_file: key }),
            },
          }
        : {}),
    },
    files: isGuest || isVariable ? {} : { [passwordFile]: password.value },
  }
}
