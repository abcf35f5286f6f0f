export const scopes = [
  'workload',
  'endpoint',
  'addr',
  'name',
  'owner',
  'namespace',
  'label',
  'node',
  'zone',
  'country',
] as const
export type Scope = (typeof scopes)[number]

export type Pins = Readonly<Record<string, readonly [x: number, y: number]>>
