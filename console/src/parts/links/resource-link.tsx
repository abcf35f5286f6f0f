import { Link } from '@tanstack/react-router'
import { isCloudRef, parseRef, pathOfRef } from '../../state/refs.ts'

export function ResourceLink({
  to,
  at,
  children,
}: {
  to: string
  at?: string
  children: React.ReactNode
}): React.ReactNode {
  if (parseRef(to) === undefined && !isCloudRef(to)) return children
  const search = at === undefined ? {} : { v: '1', at }
  return (
    <Link
      to="/resource/$"
      params={{ _splat: pathOfRef(to) } as never}
      search={search as never}
      className="resource-link"
    >
      {children}
    </Link>
  )
}
