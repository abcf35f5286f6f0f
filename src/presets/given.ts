export class PresetProblem extends Error {}

export function truthOf(value: string | boolean, by: string): boolean {
  if (typeof value === 'boolean') return value
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false
  throw new PresetProblem(`${by} is \`${value}\`; it must be true or false`)
}

export type Login = Readonly<{
  plain: string
  user: string | undefined
  password: string | undefined
}>

export function loginOf(text: string): Login {
  const written = text.includes('://') ? text : `nats://${text}`
  const url = URL.parse(written)
  if (url === null || url.host === '') throw new PresetProblem(`\`${withoutLogin(text)}\` is no URL of a server`)
  const match = /^([^:]+:\/\/)(?:([^@/]*)@)?(.*)$/s.exec(written)
  const [name = '', ...rest] = (match?.[2] ?? '').split(':')
  return {
    plain: `${match?.[1] ?? ''}${match?.[3] ?? ''}`,
    user: match?.[2] === undefined || match[2] === '' ? undefined : decodeURIComponent(name),
    password: rest.length === 0 ? undefined : decodeURIComponent(rest.join(':')),
  }
}

export function withoutLogin(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//***@')
}
