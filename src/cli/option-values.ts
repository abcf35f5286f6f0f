import { InvalidArgumentError } from 'commander'

export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be an integer above 0.')
  return value
}

export function secondsOf(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600))
    throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 3600.')
  return value
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
