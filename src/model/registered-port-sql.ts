/** SQL conditions of a port being one of a list and not 0. NULL is false. */

export type RegisteredPorts = Readonly<{ below: number; listed: ReadonlySet<number> }>

export const registeredPortSql = {
  /**
   * A bit per port: DuckDB turns a list into a join, which costs four times as much as grouping by port. The text is
   * parsed with each statement, hence Base64.
   */
  duckdb: (port: string, ports: RegisteredPorts) => `coalesce(get_bit(${bitsOf(ports)}, ${port}::INTEGER) = 1, false)`,
  clickhouse: (port: string, { below, listed }: RegisteredPorts) =>
    `(${port} BETWEEN 1 AND ${below - 1} OR ${port} IN (${[...listed].join(', ')}))`,
} as const

const bitsTexts = new WeakMap<RegisteredPorts, string>()

function bitsOf(ports: RegisteredPorts): string {
  const bitsText = bitsTexts.get(ports)
  if (bitsText !== undefined) return bitsText
  const bytes = Buffer.alloc(65_536 / 8)
  for (let port = 1; port < 65_536; port++)
    if (port < ports.below || ports.listed.has(port)) bytes[port >> 3] = bytes[port >> 3]! | (0x80 >> (port & 7))
  const text = `from_base64('${bytes.toString('base64')}')::BIT`
  bitsTexts.set(ports, text)
  return text
}
