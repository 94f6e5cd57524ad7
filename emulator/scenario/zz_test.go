package scenario
import ("testing";"fmt";"time";"strings";"github.com/tokenstage/tokenstage/emulator/contract")
func TestZZ(t *testing.T){
 c,_:=contract.Builtin()
 N:=maxSource-1
 rep:=func(s string)string{return strings.Repeat(s,N/len(s))}
 lines:=func(f func(i int)string)string{var b strings.Builder;for i:=0;b.Len()<N-200;i++{b.WriteString(f(i))};return b.String()}
 bomb:="a: &a [x,x,x,x,x,x,x,x,x]\n"; for i:='b';i<'p';i++{bomb+=fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n",i,i,i-1,i-1,i-1,i-1,i-1,i-1,i-1,i-1,i-1)}
 bomb2:="name: x\nrules:\n  - on: onsmqtt.ApplyToken\n    script: &s ["+strings.Repeat("pass,",900)+"pass]\n"+strings.Repeat("  - {on: onsmqtt.ApplyToken, script: *s}\n",90)
 stair:=lines(func(i int)string{ if i==0{return rep2("- ",30)+"\n"}; if i*60>N/60 {return ""+rep2("x",300)+"\n"}; return strings.Repeat(" ",60*i)+rep2("- ",30)+"\n"})
 for name,s:=range map[string]string{
  "brackets":rep("["),"braces":rep("{"),"dash":rep("- "),"q":rep("? "),"colons":rep(": "),"colonsnl":rep(":\n"),"braceq":rep("{a: "),"bang":rep("! "),"bangs":rep("!a "),"amp":rep("&a "),"amp2":rep("&"),"star":rep("*a "),"nl":rep("\n"),"hash":rep("#\n"),"hash1":rep("#"),
  "quote":rep("'"),"dquote":rep("\""),"docs":rep("---\n"),"docs2":rep("a\n---\n"),"pct":rep("%"),"pipes":rep("|\n"),"commas":"["+rep(","),"flowlist":"["+rep("a,")+"]","flowlist2":"a: ["+rep("a,\n")+"]",
  "map":lines(func(i int)string{return fmt.Sprintf("k%d: v\n",i)}),"dup":rep("k: v\n"),"list":rep("- a\n"),"deepblock":lines(func(i int)string{if i>690{return "x\n"};return strings.Repeat(" ",i)+"a:\n"}),
  "plain":rep("a "),"plainnl":rep("a\n"),"plainnl2":"k: "+rep("a\n  "),"literal":"k: |\n"+rep("  a\n"),"anchors":lines(func(i int)string{return fmt.Sprintf("k%d: &a%d v\n",i,i)}),"tabs":rep("\t"),"bs":"\""+rep("\\n"),"bom":rep("\ufeff"),"nul":rep("\x00"),"ff":rep("\xff"),"merge":rep("<<: a\n"),
  "bomb":bomb,"bomb2":bomb2,"stair":stair,"keys":"? "+rep("a: "),"x":rep("a: b "),"seqmap":rep("- a:\n"),"unk":"name: x\nrules:\n"+rep("  - a: b\n"), "steps":"name: x\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n"+rep("    - fail: Nonesuch\n"),
  "crlf":rep("a: b\r\n"),"alias": "a: &a x\n"+rep("b: *a\n"), "flowmap":"{"+lines(func(i int)string{return fmt.Sprintf("k%d: v,",i)})+"}","comments":rep("a: b # c\n"),"comm2":rep("- # c\n"),"comm3":rep("# c\na: b\n"),
 }{
 t0:=time.Now(); _,p:=Decode([]byte(s),c); d:=time.Since(t0); first:=""; if len(p)>0{first=p[0].String()}
 if len(first)>120{first=first[:120]}
 flag:=""; if d>300*time.Millisecond{flag="SLOW"}
 fmt.Printf("%-10s %8v %6d problems %s %s\n",name,d.Round(time.Millisecond),len(p),flag,first)
 }
}
func rep2(s string,n int)string{return strings.Repeat(s,n)}
