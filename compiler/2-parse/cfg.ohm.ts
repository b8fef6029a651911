/**
 * The grammar (Kamailio 5.6's cfg.y), over token kinds: each token is one character (0-lex/token.ts has the list), so
 * blanks and comments are gone and an error position is a token. One match a block or top-level item. Precedence is
 * not here: an expression is a flat list, which build.ts folds with one table.
 *
 *   I if · E else · W while · S switch · C case · D default · X exit/drop/return · B break
 *   R route · Q the other route keywords · a name · u word that starts with a digit · 0 number · " string · $ pv
 *   @ select · % attribute · 6 IPv6 · e event name · g parameter keyword · p transport · w ws/wss
 *   m condition keyword · Y myself · h uri:host · f core function · F one that needs no ( ) · s strlen · z selval
 *   q == != =~ eq ne … · r < > <= >= · b other binary operators · t defined · c cast
 *   L loadmodule · P mpath · M modparam · N cfgengine · A flags · V avpflags · T listen · J alias
 *   d advertise · n name · v virtual · y desc
 *   ¡ a statement, ¿ an expression that was wrong and is reported
 */
export const grammarSource = String.raw`
Cfg {
  // Route blocks
  block = head "{" statement+ "}"
  head = ("R" | "Q") blockName?
  blockName = "[" ("0" | "a" | "\"" | "e") "]"

  // Statements
  statement = if | callStatement | assignStatement | flow | while | switch | break | empty | badStatement
  if = "I" expression body else?
  else = "E" body
  body = "{" statement+ "}"  -- block
       | statement           -- single
  while = "W" expression body
  switch = "S" expression "{" case* "}"
  case = "C" "/" expression ":" statement*  -- regex
       | "C" expression ":" statement*      -- value
       | "D" ":" statement*                 -- default
       | badStatement                       -- bad
  flow = "X" (noValue | expression)? ";"
  noValue = "(" ")"
  break = "B" ";"
  assignStatement = assignment ";"
  assignment = ("$" | "%") "=" expression
  callStatement = call ";"
  empty = ";"
  badStatement = "¡"+

  // Expressions
  expression = operand (operator operand)*
  operator = "q" | "b" | "r" | "-" | "*" | "/"
  operand = prefix* primary
  prefix = "!" | "-" | "t" | "c" | "~"
  primary = literal | comparison | call | block_ | nested | badExpression
  literal = "$" | "\"" | "0" | "%" | "@"
  block_ = "{" statement+ "}"
  nested = "(" assignment ")"  -- assign
         | "(" expression ")"  -- plain
  badExpression = "¿"+

  // method == INVITE, src_ip == 10.0.0.0/8: the right side takes words
  comparison = ("m" | "Y") ("q" | "r") right
  right = network ~"."  -- network
        | word          -- word
        | host          -- host
        | operand       -- operand
  word = "p" | "w" | "m" | "Y"
  network = address ("/" (address | "0"))?
  address = ipv4 | "6" | ipv6
  ipv4 = "0" "." "0" "." "0" "." "0"
  ipv6 = "[" "6" "]"
  host = name (("." | "-") name)*
  name = "a" ~"("

  // Calls
  call = "a" "(" arguments ")"                                  -- module
       | "R" "(" routeArgument ")"                              -- route
       | "f" "(" coreArguments ")"                              -- core
       | "F" "(" coreArguments ")"                              -- coreParens
       | "F"                                                    -- bare
       | "s" "(" expression ")"                                 -- string
       | "z" "(" expression "," expression "," expression ")"   -- select
  routeArgument = name &")"   -- word
                | expression  -- expression
  arguments = (expression ("," expression)*)?
  coreArguments = (coreArgument ("," coreArgument)*)?
  coreArgument = ("h" | hostPort | "p") &("," | ")")  -- word
               | expression                     -- expression

  // Hosts
  hostPort = (("p" | "*") ":")? hostId (":" ("0" | "*"))?
  hostId = address | "\"" | hostName
  hostName = label (("." | "-") label)*
  label = "a" | "u" | "0"

  // Top level
  item = one ";"*
  one = load | path | modParam | engine | flags | listen | alias | socket | custom | kemi | coreParam | param | empty
  load = "L" "\""
  path = "P" "="? "\""
  modParam = "M" "(" "\"" "," "\"" "," (value | "$") ")"
  engine = "N" "="? "\""
  flags = "A" flag ("," flag)*         -- numbered
        | "V" flagName ("," flagName)*  -- named
  flag = flagName (":" "0")?
  flagName = "\"" | "a"
  listen = "T" "=" listenSocket+ advertise? socketName? "v"?
  listenSocket = (("p" | "*") ":")? hosts (":" ("0" | "*"))?
  hosts = "(" hostId ("," hostId)* ")"  -- list
        | hostId                        -- one
  advertise = "d" hostId (":" "0")?
  socketName = "n" "\""
  alias = "J" "=" listenSocket+
  socket = "a" "=" "{" socketPart+ "}"
  socketPart = ("a" | "d" | "n" | "v" | "g") "=" (hostPort | "$") ";"  -- set
             | ";"                                                    -- empty
  custom = ("a" | "D") "." ("a" | "D") "=" ("\"" | "0") ("y" "\"")?
  kemi = "g" "." "g" "=" "\""
  coreParam = "a" "[" ("a" | "\"") "]" "=" value
  param = ("g" | "a" | "F" | "f") "=" paramValue
  paramValue = value ~("." | "-" | ":" | "a" | "u")  -- plain
             | paramWord+                            -- words
  paramWord = "a" | "g" | "u" | "0" | "." | "-" | ":" | "6" | "[" | "]" | "p" | "\""
  value = "\"" | number
  number = "-"? "0"
}
`;
