import { PresetProblem, truthOf } from '../given.ts'
import { settings, type Setting, type SettingName } from './flags.ts'

export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>
export type Environment = Readonly<Record<string, string | undefined>>

export type Given = Readonly<{
  value: string
  by: string | undefined
}>

export class Reader {
  readonly #flags: Flags
  readonly #env: Environment

  constructor(flags: Flags, env: Environment) {
    this.#flags = flags
    this.#env = env
  }

  given(name: SettingName): Given {
    const { flag, env, otherwise }: Setting = settings[name]
    const variable = env === undefined ? '' : (this.#env[env] ?? '').trim()
    if (variable !== '') return { value: variable, by: env }
    const value = this.#flags[flag]
    if (value !== undefined && typeof value !== 'object') return { value: String(value), by: `--${flag}` }
    return { value: otherwise, by: undefined }
  }

  isGiven(name: SettingName): boolean {
    return this.given(name).by !== undefined
  }

  text(name: SettingName): string {
    return this.given(name).value
  }

  truth(name: SettingName): boolean {
    const { value, by = '' } = this.given(name)
    return truthOf(value.toLowerCase(), by)
  }

  count(name: SettingName, most: number): number {
    const { value, by = '' } = this.given(name)
    const count = /^\d{1,9}$/.test(value) ? Number(value) : -1
    if (count < 0 || count > most)
      throw new PresetProblem(`${by} is \`${value}\`; it must be an integer of at most ${most}`)
    return count
  }

  /** `NAME=VALUE` of a repeated flag, or separated by commas in a variable. Throws PresetProblem. */
  pairs(name: SettingName): Readonly<Record<string, string>> {
    const { flag, env }: Setting = settings[name]
    const variable = env === undefined ? '' : (this.#env[env] ?? '').trim()
    const given = this.#flags[flag]
    const written = variable !== '' ? variable.split(',') : typeof given === 'object' ? given : []
    return Object.fromEntries(
      written.map((pair) => {
        const [, key, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(pair) ?? []
        if (key !== undefined && value !== undefined) return [key, value]
        const by = variable === '' ? `--${flag}` : env
        throw new PresetProblem(`${by} has \`${pair.split('=', 1)[0]}\`, which is no NAME=VALUE`)
      }),
    )
  }
}
