
import { measureInPage } from './engine-session.ts';
const [t='cpu', n='30M', r='4', k='32']=process.argv.slice(2);
const out: any = await (measureInPage as any)(t,'variants',n,{backend:t,threads:1,contextTokens:1024,slots:1},Number(r),Number(k));
const med=(a:number[])=>[...a].sort((x,y)=>x-y)[a.length>>1] as number;
const b=out.bare;
for(const [k,v] of Object.entries(out) as any) console.log(k.padEnd(8),'first',med(v.first).toFixed(0),'rate',med(v.rate).toFixed(1),'max',Math.max(...v.rate).toFixed(1), 'minfirst', Math.min(...v.first).toFixed(0), 'ratio to bare', med(v.rate.map((x:number,i:number)=>x/b.rate[i])).toFixed(3), 'first-bare', med(v.first.map((x:number,i:number)=>x-b.first[i])).toFixed(1));
