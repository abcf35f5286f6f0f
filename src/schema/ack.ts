export function ackSink(ack: string): string | undefined {
  return ack.startsWith('sink:') ? ack.slice('sink:'.length) : undefined
}
