// GET /docs: a page that fetches /openapi.json and shows it. No word of it comes from elsewhere.
#include <openssl/evp.h>

#include <array>
#include <string_view>

#include "http/openapi.hpp"

namespace coreldove::http {
namespace {

constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--link:#0a66c2}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:17rem 1fr}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;border-right:1px solid var(--line)}
nav a{display:block;color:inherit;text-decoration:none;padding:.1rem 0}nav a:hover,nav a:focus{color:var(--link)}nav h2{font-size:.8rem;margin:1rem 0 .2rem;opacity:.7}
main{padding:1rem 2rem;max-width:60rem;min-width:0}h1{margin:.2rem 0}section{border-top:1px solid var(--line);padding:1rem 0}
h3{margin:.2rem 0;font-size:1.1rem}code,pre{font:13px/1.5 ui-monospace,monospace}pre{background:var(--soft);padding:.7rem;overflow:auto;border-radius:.4rem}
.verb{display:inline-block;min-width:4rem;font-weight:700}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top}
.roles{opacity:.75;font-size:.85rem}button{font:inherit;cursor:pointer}@media(max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}
)css";

constexpr std::string_view script = R"js(
'use strict';
const make=(tag,text,attributes)=>{const e=document.createElement(tag);if(text!==undefined)e.textContent=text;for(const k in attributes||{})e.setAttribute(k,attributes[k]);return e};
const shown=(schema,doc,depth)=>{
  if(!schema)return '';
  if(schema.$ref){const name=schema.$ref.split('/').pop();return depth>1?name:shown(doc.components.schemas[name],doc,depth)}
  if(schema.allOf)return schema.allOf.map(s=>shown(s,doc,depth)).join('\n& ');
  if(schema.oneOf)return schema.oneOf.map(s=>shown(s,doc,depth+1)).join(' | ');
  if(schema.enum)return schema.enum.join(' | ');
  if(schema.properties){const pad='  '.repeat(depth+1);const needed=schema.required||[];
    return '{\n'+Object.entries(schema.properties).map(([k,v])=>pad+k+(needed.includes(k)?'':'?')+': '+shown(v,doc,depth+1)).join('\n')+'\n'+'  '.repeat(depth)+'}'}
  if(schema.type==='array')return '['+shown(schema.items,doc,depth+1)+']';
  return [].concat(schema.type||'any').join(' | ')+(schema.format?' ('+schema.format+')':'');
};
const parameterOf=(p,doc)=>p.$ref?doc.components.parameters[p.$ref.split('/').pop()]:p;
const curl=(path,verb,op,doc)=>{
  const lines=['curl -sS '+(verb==='get'?'':'-X '+verb.toUpperCase()+' ')+"'"+location.origin+path+"'"];
  if(!op.security)lines.push("-H '"+doc.components.securitySchemes.apiKey.name+": YOUR-KEY'");
  const content=op.requestBody&&op.requestBody.content,type=content&&Object.keys(content)[0];
  if(type){lines.push("-H 'Content-Type: "+type+"'");const s=content[type].schema,named=s.$ref&&doc.components.schemas[s.$ref.split('/').pop()];
    const example=named&&(named.examples||(named.allOf&&doc.components.schemas.OrderInput.examples));
    lines.push("-d '"+(example?JSON.stringify(example[0]):'{}')+"'")}
  return lines.join(' \\\n  ');
};
const section=(path,verb,op,doc)=>{
  const out=make('section',undefined,{id:op.operationId});
  const head=make('h3');head.append(make('span',verb.toUpperCase(),{class:'verb'}),make('code',path));
  out.append(head,make('p',op.summary+(op.description?'. '+op.description:'')));
  out.append(make('p',op.security?'No credentials needed.':'Roles: '+op['x-roles'].join(', '),{class:'roles'}));
  if(op.parameters){const t=make('table');for(const raw of op.parameters){const p=parameterOf(raw,doc),row=make('tr'),name=make('td');name.append(make('code',p.name));
    row.append(name,make('td',p.in+(p.required?', required':'')),make('td',shown(p.schema,doc,1)),make('td',p.description||''));t.append(row)}out.append(make('h4','Parameters'),t)}
  const body=op.requestBody&&Object.entries(op.requestBody.content)[0];
  if(body)out.append(make('h4','Body: '+body[0]),make('pre',shown(body[1].schema,doc,0)));
  const answers=make('table');
  for(const [status,a] of Object.entries(op.responses)){const row=make('tr'),content=a.content&&Object.entries(a.content)[0];
    row.append(make('td',status),make('td',a.$ref?'Problem':content?(content[1].schema.$ref||content[0]).split('/').pop():a.description));answers.append(row)}
  const command=curl(path,verb,op,doc),copy=make('button','Copy');copy.addEventListener('click',()=>navigator.clipboard.writeText(command));
  out.append(make('h4','Answers'),answers,make('h4','Try it'),make('pre',command),copy);
  return out;
};
fetch('/openapi.json').then(r=>r.json()).then(doc=>{
  const main=document.querySelector('main'),nav=document.querySelector('nav'),byTag={};
  main.append(make('h1',doc.info.title+' '+doc.info.version),make('p',doc.info.description));
  for(const [path,verbs] of Object.entries(doc.paths))for(const [verb,op] of Object.entries(verbs))(byTag[op.tags[0]]=byTag[op.tags[0]]||[]).push([path,verb,op]);
  for(const [tag,list] of Object.entries(byTag)){nav.append(make('h2',tag));main.append(make('h2',tag));
    for(const [path,verb,op] of list){nav.append(make('a',op.summary,{href:'#'+op.operationId}));main.append(section(path,verb,op,doc))}}
  main.append(make('h2','Schemas'));
  for(const [name,schema] of Object.entries(doc.components.schemas)){const s=make('section',undefined,{id:'schema-'+name});s.append(make('h3',name),make('pre',shown(schema,doc,0)));main.append(s)}
  if(location.hash)document.querySelector(location.hash)?.scrollIntoView();
});
)js";

/// 'sha256-…' as a Content-Security-Policy wants it.
std::string source_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return "'none'";
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
  const auto length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string{base64.begin(), base64.begin() + length} + "'";
}

}  // namespace

page docs_page() {
  page out;
  out.html.append(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>CoreLDove API</title>");
  out.html.append("<style>").append(style).append("</style></head><body><nav aria-label=\"Calls\"></nav><main></main><script>").append(script);
  out.html.append("</script></body></html>\n");
  out.policy = "default-src 'none'; connect-src 'self'; script-src " + source_hash(script) + "; style-src " + source_hash(style) +
               "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return out;
}

}  // namespace coreldove::http
