/** The templates of NetObserv's exporter, in its order, and an options template with the sampling interval. */

export const templateV4 = 256
export const templateV6 = 257
export const samplingTemplate = 258
export const firstRelayTemplate = 259

const variable = 0xffff

type Element = readonly [id: number, bytes: number]

const headV4: readonly Element[] = [
  [8, 4],
  [12, 4],
  [176, 1],
  [177, 1],
  [225, 4],
  [226, 4],
]
const headV6: readonly Element[] = [
  [27, 16],
  [28, 16],
  [193, 1],
  [178, 1],
  [179, 1],
  [281, 16],
  [282, 16],
]
const common: readonly Element[] = [
  [256, 2],
  [61, 1],
  [56, 6],
  [80, 6],
  [4, 1],
  [7, 2],
  [11, 2],
  [1, 8],
  [152, 8],
  [153, 8],
  [2, 8],
  [82, variable],
  [6, 2],
  [227, 2],
  [228, 2],
  [304, 2],
  [311, 8],
]
const enterprise: readonly Element[] = [
  [7733, variable],
  [7734, variable],
  [7735, variable],
  [7736, variable],
  [7737, variable],
  [7738, variable],
  [7740, 8],
  [7741, variable],
  [7742, variable],
]
const sampling: readonly Element[] = [
  [149, 4],
  [34, 4],
  [305, 4],
  [306, 4],
]

const fixedBytes = (elements: readonly Element[]) =>
  elements.reduce((sum, [, bytes]) => (bytes === variable ? sum : sum + bytes), 0)

export const headV4Bytes = fixedBytes(headV4)
export const headV6Bytes = fixedBytes(headV6)
/** Without variable fields. */
export const commonBytes = fixedBytes(common)
export const enterpriseBytes = fixedBytes(enterprise)
export const samplingBytes = fixedBytes(sampling)

export function flowTemplateSets(pen: number): readonly Buffer[] {
  const own = pen === 0 ? [] : enterprise
  return [
    set(2, record(templateV4, [...headV4, ...common], own, pen)),
    set(2, record(templateV6, [...headV6, ...common], own, pen)),
  ]
}

export function samplingTemplateSet(): Buffer {
  return set(3, optionsRecord(samplingTemplate, sampling))
}

export function templateSet(
  id: number,
  elements: readonly Readonly<{ id: number; bytes: number; pen?: number }>[],
): Buffer {
  return set(
    2,
    Buffer.concat([
      numbers(id, elements.length),
      ...elements.map(({ id: element, bytes, pen }) =>
        pen === undefined ? numbers(element, bytes) : numbers(element | 0x8000, bytes, pen >>> 16, pen & 0xffff),
      ),
    ]),
  )
}

function record(id: number, elements: readonly Element[], own: readonly Element[], pen: number): Buffer {
  return Buffer.concat([
    numbers(id, elements.length + own.length),
    ...elements.map(([element, bytes]) => numbers(element, bytes)),
    ...own.map(([element, bytes]) => numbers(element | 0x8000, bytes, pen >>> 16, pen & 0xffff)),
  ])
}

/** The first element is the scope. */
function optionsRecord(id: number, elements: readonly Element[]): Buffer {
  return Buffer.concat([
    numbers(id, elements.length, 1),
    ...elements.map(([element, bytes]) => numbers(element, bytes)),
  ])
}

function set(id: number, ...records: readonly Buffer[]): Buffer {
  const body = Buffer.concat(records)
  return Buffer.concat([numbers(id, body.length + 4), body])
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  values.forEach((value, index) => bytes.writeUInt16BE(value, 2 * index))
  return bytes
}
