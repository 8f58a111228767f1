export { Button } from './button.tsx'

export const Page = ({ children }: { children: unknown }) => <main>{children as never}</main>
