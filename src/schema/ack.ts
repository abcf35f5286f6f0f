/** The sink that an `ack` waits for; undefined: none. */
export function ackSink(ack: string): string | undefined {
  return ack.startsWith('sink:') ? ack.slice('sink:'.length) : undefined
}
