import { installAlone, type Program } from './apt.ts'

export const zsh: Program = { name: 'zsh', package: 'zsh', version: '5.9', versionArguments: ['--version'] }
export const fish: Program = { name: 'fish', package: 'fish', version: '3.6.0', versionArguments: ['--version'] }

for (const shell of [zsh, fish]) await installAlone(shell, import.meta.url)
