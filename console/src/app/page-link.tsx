import { Link } from '@tanstack/react-router'
import { frameNames } from '../state/frame.ts'
import type { Search } from '../state/codec.ts'

export function PageLink({
  to,
  className,
  children,
}: {
  to: string
  className?: string
  children: React.ReactNode
}): React.ReactNode {
  return (
    <Link
      to={to}
      search={keepFrame as never}
      activeOptions={{ includeSearch: false }}
      {...(className === undefined ? {} : { className })}
    >
      {children}
    </Link>
  )
}

export function keepFrame(before: Search): Search {
  const kept = Object.entries(before).filter(([name]) => frameNames.includes(name))
  return kept.length === 0 ? {} : { v: before['v'] ?? '1', ...Object.fromEntries(kept) }
}
