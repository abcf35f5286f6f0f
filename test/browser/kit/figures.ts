import { appendFileSync } from 'node:fs'

/** Limit of a measured value, judged by the benchmark, so that tests pass on slow machines. */
export interface Wanted {
  readonly below?: number
  readonly least?: number
}

export interface Figure extends Wanted {
  readonly name: string
  readonly value: number | string
  readonly unit: string
}

/** Appends a measured value as a JSON line to the file in WEIR_FIGURES, if set. */
export function figure(name: string, value: number | string, unit = '', wanted: Wanted = {}): void {
  const file = process.env['WEIR_FIGURES']
  if (file !== undefined && file !== '')
    appendFileSync(file, `${JSON.stringify({ name, value, unit, ...wanted } satisfies Figure)}\n`)
}
