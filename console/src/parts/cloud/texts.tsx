import { findingNames, typeNames } from './text.ts'

const tones: Readonly<Record<string, string>> = { running: 'good', degraded: 'warning', error: 'bad' }
const marks: Readonly<Record<string, string>> = { running: '●', stopped: '■', degraded: '▲', error: '◆' }

export function StateText({ of }: { readonly of: string }): React.ReactNode {
  return (
    <span className={tones[of] ?? 'dim'}>
      <span aria-hidden="true">{marks[of] ?? '○'} </span>
      {of}
    </span>
  )
}

export const typeText = (type: string): string => typeNames[type] ?? type
export const findingText = (finding: string): string => findingNames[finding] ?? finding
