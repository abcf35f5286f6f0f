export type ViewColumn = Readonly<{
  name: string
  type: string
  unit?: string
  otel?: string
  meaning: string
}>

const columnOf =
  (type: string) =>
  (name: string, meaning: string, unit?: string): ViewColumn => ({
    name,
    type,
    ...(unit === undefined ? {} : { unit }),
    meaning,
  })

export const text = columnOf('VARCHAR')
export const texts = columnOf('VARCHAR[]')
export const json = columnOf('JSON')
export const flag = columnOf('BOOLEAN')
export const moment = columnOf('TIMESTAMP WITH TIME ZONE')
export const real = columnOf('DOUBLE')
export const count = columnOf('UINTEGER')
export const rank = columnOf('UTINYINT')
export const sum = columnOf('HUGEINT')

export const position: ViewColumn = text('_pos', 'Stable id of the row: source instance, epoch, source sequence, row')
