import { revealSecret } from '../../net/secrets.ts'
import type { PubSubServer } from './config.ts'

type Library = Awaited<ReturnType<typeof loadClient>>
export type PublisherClient = InstanceType<Library['v1']['PublisherClient']>
export type SubscriberClient = InstanceType<Library['v1']['SubscriberClient']>

export async function loadClient() {
  const [pubsub, auth] = await Promise.all([import('@google-cloud/pubsub'), import('google-auth-library')])
  return { ...pubsub, ...auth }
}

export const connection = {
  // ms; by default up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5000,
  // Bytes. The default of 64 KiB would block acknowledgements.
  'grpc-node.flow_control_window': 4 << 20,
}

const scopes = ['https://www.googleapis.com/auth/pubsub']

/** Throws for an invalid key. */
export async function clientOptions(library: Library, { project, endpoint, auth }: PubSubServer) {
  const options = { ...connection, projectId: project, ...(endpoint === null ? {} : { apiEndpoint: endpoint }) }
  if (auth.type === 'default') return new library.PubSub(options).getClientConfig()
  // Otherwise the library queries the metadata server.
  if (auth.type === 'none')
    return new library.PubSub({
      ...options,
      emulatorMode: true,
      authClient: new library.PassThroughClient(),
    }).getClientConfig()
  const { client_email: email, private_key: key } = keyOf(revealSecret(auth.key))
  return new library.PubSub({ ...options, authClient: new library.JWT({ email, key, scopes }) }).getClientConfig()
}

function keyOf(text: string): Readonly<{ client_email: string; private_key: string }> {
  try {
    const { client_email: email, private_key: key } = JSON.parse(text) as Readonly<{
      client_email?: unknown
      private_key?: unknown
    }>
    if (typeof email === 'string' && typeof key === 'string') return { client_email: email, private_key: key }
  } catch {
    // Reported below without its content.
  }
  throw new Error(
    '`auth.key` is not the key of a service account; use the whole JSON file, with client_email and private_key',
  )
}

export function callOptions(timeout: number) {
  return { timeout, retry: null } as unknown as { readonly timeout: number }
}
