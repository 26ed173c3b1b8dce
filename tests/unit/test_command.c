/* Command lines of trainers: what each says. `|` stands for a space within a word. */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "capture/command.h"
#include "capture/launchers.h"
#include "test.h"

/* The command, its script, its parameters (NAME KIND VALUE FIRST+COUNT, kind t n b 0 j), and after "@" the words that may be configs. */
struct line {
	const char *command, *script, *said;
};

static const struct line lines[] = {
	/* plain argparse */
	{"python train.py --lr 3e-4 --epochs 10", "train.py", "lr n 3e-4 2+2; epochs n 10 4+2"},
	{"python train.py --lr=3e-4 -b 32", "train.py", "lr n 3e-4 2+1; b n 32 3+2"},
	{"python train.py -b32 -vv -O3", "train.py", "b n 32 2+1; vv b yes 3+1; O n 3 4+1"},
	{"./train --flag --no-flag2 --no_cuda --no-repeat-ngram-size 3", "./train", "flag b yes 1+1; flag2 b no 2+1; cuda b no 3+1; no_repeat_ngram_size n 3 4+2"},
	{"python train.py --no-cuda x.yaml --do_train y", "train.py", "cuda b no 2+1; do_train t y 4+2@x.yaml 3"},
	{"python train.py --no-compile model.width=256", "train.py", "compile b no 2+1; model.width n 256 3+1"},
	{"python train.py --offset -1 --shift -.5 --x -1e-3 --y -inf", "train.py", "offset n -1 2+2; shift n -0.5 4+2; x n -1e-3 6+2; y b yes 8+1; inf b yes 9+1"},
	{"python train.py --betas 0.9 0.999 --seed 7", "train.py", "betas j [0.9,0.999] 2+3; seed n 7 5+2"},
	{"python train.py --a 1 -- --b 2 c=3", "train.py", "a n 1 2+2; c n 3 7+1"},
	{"python train.py --tag x --tag y", "train.py", "tag t x 2+2; tag t y 4+2"},
	{"python train.py --fp16 True --bf16 false --x None --y null --z", "train.py", "fp16 b yes 2+2; bf16 b no 4+2; x t None 6+2; y 0 no 8+2; z b yes 10+1"},
	{"python train.py --id 007 --q 00e9 --n 1_000 --h 0x10 --e 1e5 --f .5 --g 1. --p +1", "train.py",
	 "id t 007 2+2; q t 00e9 4+2; n n 1000 6+2; h t 0x10 8+2; e n 1e5 10+2; f n 0.5 12+2; g n 1.0 14+2; p n 1 16+2"},
	{"python train.py --name= --note a|b --eq=a=b", "train.py", "name t  2+1; note t a b 3+2; eq t a=b 5+1"},
	{"python train.py - --=x -", "train.py", ""},
	{"python main.py -a resnet50 --lr 0.1 --rank 0 /data/imagenet", "main.py", "a t resnet50 2+2; lr n 0.1 4+2; rank n 0 6+2"},
	{"python train.py --target-modules q_proj v_proj --report_to wandb tensorboard", "train.py",
	 "target_modules j [\"q_proj\",\"v_proj\"] 2+3; report_to j [\"wandb\",\"tensorboard\"] 5+3"},
	{"python train.py", "train.py", ""},
	{"train", "train", ""},
	{"python -c pass --lr 1", "python", "lr n 1 3+2"},
	{"python -uBc pass x=1", "python", "x n 1 3+1"},
	{"python -u -W error -X dev -m pkg.train --lr 1", "pkg.train", "lr n 1 8+2"},
	{"python3.11 -O train.py --lr 1", "train.py", "lr n 1 3+2"},
	/* HF Trainer */
	{"python run_clm.py --model_name_or_path gpt2 --do_train --per_device_train_batch_size 8 --learning_rate 5e-5 --output_dir /tmp/x --gradient_checkpointing_kwargs "
	 "{\"use_reentrant\":|false}",
	 "run_clm.py", "model_name_or_path t gpt2 2+2; do_train b yes 4+1; per_device_train_batch_size n 8 5+2; learning_rate n 5e-5 7+2; output_dir t /tmp/x 9+2; "
	 "gradient_checkpointing_kwargs.use_reentrant b no 11+2"},
	{"python run_clm.py args.json", "run_clm.py", "@args.json 2"},
	{"python run_clm.py --config_name gpt2 --deepspeed ds_config.json --train_file data.json", "run_clm.py",
	 "config_name t gpt2 2+2; deepspeed t ds_config.json 4+2; train_file t data.json 6+2@gpt2 3, ds_config.json 5"},
	/* torchrun and its older names */
	{"torchrun --nproc_per_node 8 --standalone train.py --lr 1", "train.py", "torchrun.nproc_per_node n 8 1+2; torchrun.standalone b yes 3+1; lr n 1 5+2"},
	{"torchrun --nproc-per-node=8 --nnodes 2 --rdzv-backend=c10d --rdzv-endpoint=host:29400 --rdzv-conf a=1 train.py cfg.yaml --lr 1", "train.py",
	 "torchrun.nproc_per_node n 8 1+1; torchrun.nnodes n 2 2+2; torchrun.rdzv_backend t c10d 4+1; torchrun.rdzv_endpoint t host:29400 5+1; "
	 "torchrun.rdzv_conf t a=1 6+2; lr n 1 10+2@a=1 7, cfg.yaml 9"},
	{"python -m torch.distributed.run --nproc_per_node 8 train.py --lr 1", "train.py", "torchrun.nproc_per_node n 8 3+2; lr n 1 6+2"},
	{"python -m torch.distributed.launch --use_env --nproc_per_node=4 train.py --lr 1", "train.py",
	 "torchrun.use_env b yes 3+1; torchrun.nproc_per_node n 4 4+1; lr n 1 6+2"},
	{"torchrun -m pkg.train --lr 1", "pkg.train", "torchrun.m b yes 1+1; lr n 1 3+2"},
	{"python /usr/bin/torchrun --nnodes 1 train.py --lr 1", "train.py", "torchrun.nnodes n 1 2+2; lr n 1 5+2"},
	/* Megatron-LM */
	{"torchrun --nproc_per_node 8 pretrain_gpt.py --tensor-model-parallel-size 2 --num-layers 24 --lr 0.00015 --lr-decay-style cosine --no-load-optim --fp16 "
	 "--data-path 0.3 a_text 0.7 b_text --vocab-file gpt2-vocab.json --split 949,50,1",
	 "pretrain_gpt.py", "torchrun.nproc_per_node n 8 1+2; tensor_model_parallel_size n 2 4+2; num_layers n 24 6+2; lr n 0.00015 8+2; lr_decay_style t cosine 10+2; "
	 "load_optim b no 12+1; fp16 b yes 13+1; data_path j [0.3,\"a_text\",0.7,\"b_text\"] 14+5; vocab_file t gpt2-vocab.json 19+2; split t 949,50,1 21+2"},
	/* nanoGPT */
	{"python train.py config/train_shakespeare_char.py --device=cpu --compile=False --block_size=64 --learning_rate=1e-3", "train.py",
	 "device t cpu 3+1; compile b no 4+1; block_size n 64 5+1; learning_rate n 1e-3 6+1@config/train_shakespeare_char.py 2"},
	{"torchrun --standalone --nproc_per_node=4 train.py --batch_size=32 config/x.py", "train.py",
	 "torchrun.standalone b yes 1+1; torchrun.nproc_per_node n 4 2+1; batch_size n 32 4+1@config/x.py 5"},
	/* Hydra and OmegaConf */
	{"python train.py lr=0.1 +model=gpt ++optimizer.betas=[0.9,0.95] ~trainer.callbacks ~db=mysql model/layer@a.b=x x.y=null s=", "train.py",
	 "lr n 0.1 2+1; model t gpt 3+1; optimizer.betas j [0.9,0.95] 4+1; ~trainer.callbacks 0 no 5+1; ~db t mysql 6+1; model/layer@a.b t x 7+1; x.y 0 no 8+1; s t  9+1"},
	{"python train.py --multirun lr=0.1,0.2 -m a=1", "train.py", "multirun b yes 2+1; lr t 0.1,0.2 3+1; m b yes 4+1; a n 1 5+1"},
	{"python train.py --config-path conf --config-name train model={width:|8,depth:|[1,2]}", "train.py",
	 "config_path t conf 2+2; config_name t train 4+2; model.width n 8 6+1; model.depth j [1,2] 6+1@conf 3, train 5"},
	{"python train.py -cn train hydra.run.dir=out/x 'a|b'=1", "train.py", "cn t train 2+2; hydra.run.dir t out/x 4+1"},
	{"python train.py ckpt=/data/lr=0.1/x http://h/?a=b a|b=c", "train.py", "ckpt t /data/lr=0.1/x 2+1"},
	/* carriers */
	{"python train.py --set a.b=1 c=2 --lr 1", "train.py", "a.b n 1 3+1; c n 2 4+1; lr n 1 5+2"},
	{"python train.py --set=a.b=1 --cfg-options m.x=True m.y=z", "train.py", "a.b n 1 2+1; m.x b yes 4+1; m.y t z 5+1"},
	{"python train.py --label k=v --gpus 2 lr=1", "train.py", "label t k=v 2+2; gpus n 2 4+2; lr n 1 6+1"},
	{"python train_net.py --config-file c.yaml --opts SOLVER.LR 0.1 MODEL.NAME x", "train_net.py",
	 "config_file t c.yaml 2+2; SOLVER.LR n 0.1 5+2; MODEL.NAME t x 7+2@c.yaml 3"},
	{"python tools/train.py configs/x.py --cfg-options optim.lr=0.1 --work-dir w", "tools/train.py", "optim.lr n 0.1 4+1; work_dir t w 5+2@configs/x.py 2"},
	/* Lightning CLI, litgpt, axolotl, torchtune, LLaMA-Factory */
	{"python main.py fit --config c.yaml --trainer.max_epochs 3 --model.init_args.lr=1e-3 --data=MNIST", "main.py",
	 "config t c.yaml 3+2; trainer.max_epochs n 3 5+2; model.init_args.lr n 1e-3 7+1; data t MNIST 8+1@c.yaml 4"},
	{"litgpt finetune lora --data Alpaca --train.max_steps 5 --lora_r 8", "litgpt", "data t Alpaca 3+2; train.max_steps n 5 5+2; lora_r n 8 7+2"},
	{"accelerate launch -m axolotl.cli.train x.yml", "axolotl.cli.train", "accelerate.m b yes 2+1@x.yml 4"},
	{"accelerate launch --config_file fsdp.yaml --num_processes 4 --use_fsdp train.py --lr 1", "train.py",
	 "accelerate.config_file t fsdp.yaml 2+2; accelerate.num_processes n 4 4+2; accelerate.use_fsdp b yes 6+1; lr n 1 8+2@fsdp.yaml 3"},
	{"axolotl train x.yml --learning-rate 1", "axolotl", "learning_rate n 1 3+2@x.yml 2"},
	{"tune run --nproc_per_node 2 lora_finetune_distributed --config llama/8B epochs=1 optimizer.lr=2e-5", "lora_finetune_distributed",
	 "torchrun.nproc_per_node n 2 2+2; config t llama/8B 5+2; epochs n 1 7+1; optimizer.lr n 2e-5 8+1@llama/8B 6"},
	{"llamafactory-cli train examples/x.yaml learning_rate=1e-5", "llamafactory-cli", "learning_rate n 1e-5 3+1@examples/x.yaml 2"},
	/* DeepSpeed, Composer, Fabric, Horovod */
	{"deepspeed --num_gpus 8 --master_port 29500 train.py --deepspeed ds.json --lr 1", "train.py",
	 "deepspeed.num_gpus n 8 1+2; deepspeed.master_port n 29500 3+2; deepspeed t ds.json 6+2; lr n 1 8+2@ds.json 7"},
	{"deepspeed --include localhost:0,1 --no_local_rank train.py --deepspeed", "train.py",
	 "deepspeed.include t localhost:0,1 1+2; deepspeed.no_local_rank b yes 3+1; deepspeed b yes 5+1"},
	{"composer -n 8 train/train.py train/yamls/mpt.yaml save_folder=x", "train/train.py", "composer.n n 8 1+2; save_folder t x 5+1@train/yamls/mpt.yaml 4"},
	{"fabric run --devices 2 --accelerator=cuda train.py --lr 1", "train.py", "fabric.devices n 2 2+2; fabric.accelerator t cuda 4+1; lr n 1 6+2"},
	{"horovodrun -np 4 -H host:4 python train.py --lr 1", "train.py", "horovodrun.np n 4 1+2; horovodrun.H t host:4 3+2; lr n 1 7+2"},
	/* Slurm, MPI */
	{"srun -N2 -n 16 --gpus-per-node=8 --label -u python -u train.py --lr 1", "train.py",
	 "srun.N n 2 1+1; srun.n n 16 2+2; srun.gpus_per_node n 8 4+1; srun.label b yes 5+1; srun.u b yes 6+1; lr n 1 10+2"},
	{"srun --mpi pmix --container-image=x torchrun --nnodes 2 train.py --lr 1", "train.py",
	 "srun.mpi t pmix 1+2; srun.container_image t x 3+1; torchrun.nnodes n 2 5+2; lr n 1 8+2"},
	{"mpirun --allow-run-as-root -np 8 --mca btl self,tcp -x NCCL_DEBUG=INFO python train.py --lr 1", "train.py",
	 "mpirun.allow_run_as_root b yes 1+1; mpirun.np n 8 2+2; mpirun.mca.btl t self,tcp 4+3; mpirun.x t NCCL_DEBUG=INFO 7+2; lr n 1 11+2"},
	{"mpiexec -n 4 -genv OMP_NUM_THREADS 1 ./train lr=1", "./train", "mpirun.n n 4 1+2; mpirun.genv.OMP_NUM_THREADS n 1 3+3; lr n 1 7+1"},
	/* environments, tools, shells */
	{"env -u X A=b OMP_NUM_THREADS=1 python train.py --lr 1", "train.py", "env.u t X 1+2; env.A t b 3+1; env.OMP_NUM_THREADS t 1 4+1; lr n 1 7+2"},
	{"uv run --with torch --extra cuda train.py --lr 1", "train.py", "lr n 1 7+2"},
	{"uv run -m torch.distributed.run --nnodes 1 train.py --lr 1", "train.py", "torchrun.nnodes n 1 4+2; lr n 1 7+2"},
	{"uv pip install x --lr 1", "uv", "lr n 1 4+2"},
	{"poetry run python train.py --lr 1", "train.py", "lr n 1 4+2"},
	{"conda run -n ml --no-capture-output python train.py --lr 1", "train.py", "lr n 1 7+2"},
	{"nohup nice -n 10 taskset -c 0-3 numactl -N 0 timeout -k 5 1h python train.py --lr 1", "train.py", "lr n 1 16+2"},
	{"apptainer exec --nv -B /data:/data img.sif python train.py --lr 1", "train.py", "lr n 1 8+2"},
	{"docker run --rm --gpus all -v /a:/b img python train.py --lr 1", "train.py", "lr n 1 10+2"},
	{"nsys profile -o out --trace=cuda python train.py --lr 1", "train.py", "lr n 1 7+2"},
	{"coverage run --source x -m pkg.train --lr 1", "pkg.train", "lr n 1 6+2"},
	{"python -m cProfile -o p train.py --lr 1", "train.py", "lr n 1 6+2"},
	{"sudo -E -u me A=1 python train.py --lr 1", "train.py", "lr n 1 7+2"},
	{"bash -lc exec|python|\"$@\" _ --lr 1", "bash", "lr n 1 4+2"},
	{"bash run.sh --lr 1", "run.sh", "lr n 1 2+2"},
	{"ray job submit --working-dir . -- python train.py --lr 1", "train.py", "lr n 1 8+2"},
	/* absl, JAX, fairseq, OLMo, YOLO, others */
	{"python main.py --flagfile=flags.txt --config.lr=0.1 --config=configs/x.py:tiny --noprofile", "main.py",
	 "flagfile t flags.txt 2+1; config.lr n 0.1 3+1; config t configs/x.py:tiny 4+1; noprofile b yes 5+1@flags.txt 2, 0.1 3, configs/x.py:tiny 4"},
	{"python MaxText/train.py MaxText/configs/base.yml run_name=x steps=10 enable_checkpointing=false", "MaxText/train.py",
	 "run_name t x 3+1; steps n 10 4+1; enable_checkpointing b no 5+1@MaxText/configs/base.yml 2"},
	{"fairseq-train data-bin --arch transformer --adam-betas (0.9,|0.98) --lr 5e-4 --clip-norm 0.0 --fp16", "fairseq-train",
	 "arch t transformer 2+2; adam_betas t (0.9, 0.98) 4+2; lr n 5e-4 6+2; clip_norm n 0.0 8+2; fp16 b yes 10+1"},
	{"torchrun --nproc_per_node=8 scripts/train.py configs/official/OLMo-1B.yaml --save_overwrite --optimizer.learning_rate=1e-4", "scripts/train.py",
	 "torchrun.nproc_per_node n 8 1+1; save_overwrite b yes 4+1; optimizer.learning_rate n 1e-4 5+1@configs/official/OLMo-1B.yaml 3"},
	{"python train.py --img 640 --data coco128.yaml --hyp hyp.yaml --weights yolov5s.pt", "train.py",
	 "img n 640 2+2; data t coco128.yaml 4+2; hyp t hyp.yaml 6+2; weights t yolov5s.pt 8+2@coco128.yaml 5, hyp.yaml 7"},
	{"yolo train data=coco8.yaml model=yolo11n.pt epochs=100", "yolo", "data t coco8.yaml 2+1; model t yolo11n.pt 3+1; epochs n 100 4+1@coco8.yaml 2"},
	{"python train.py @args.txt --lr 1", "train.py", "lr n 1 3+2@args.txt 2"},
	{"python train.py --gin_file=a.gin --gin_bindings=a.b=1", "train.py", "gin_file t a.gin 2+1; a.b n 1 3+1@a.gin 2"},
	{"julia --project=. -t 4 train.jl --lr 1", "train.jl", "lr n 1 5+2"},
	/* what was masked stays text */
	{"python train.py --hf_token {secret:named} --x=[{secret:named}]", "train.py", "hf_token t {secret:named} 2+2; x t [{secret:named}] 4+1"},
	{"python train.py --list [1,2 --map {a:|1,|b:|[x,y]} --bad {a: --e {} --l []", "train.py",
	 "list t [1,2 2+2; map.a n 1 4+2; map.b j [\"x\",\"y\"] 4+2; bad t {a: 6+2; e j {} 8+2; l j [] 10+2"},
};

#define WORDS 64

static size_t split(char *text, struct gbx_slice *word)
{
	size_t n = 0;

	for (char *at = strtok(text, " "); at; at = strtok(NULL, " ")) {
		for (char *c = at; *c; c++)
			*c = *c == '|' ? ' ' : *c;
		assert_true(n < WORDS);
		word[n++] = gbx_slice_text(at);
	}
	return n;
}

static char *tell(const struct gbx_command *c)
{
	static char text[8192];
	static const char letter[] = "tnb0j";
	size_t len = 0;

	*text = 0;
	for (size_t i = 0; i < c->parameters.len; i++) {
		const struct gbx_parameter *p = &c->parameters.parameter[i];
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %c %s %u+%u", i ? "; " : "", p->name, letter[p->kind],
					p->text ? p->text : p->boolean ? "yes" : "no", p->words.first, p->words.count);
	}
	for (size_t i = 0; i < c->configs; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s %u", i ? ", " : "@", (int)c->config[i].path.len,
					(const char *)c->config[i].path.data, c->config[i].index);
	return text;
}

static void every_line_says_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		GBX_AUTO_STRING char *text = gbx_strdup(lines[i].command);
		GBX_AUTO_COMMAND struct gbx_command c = {0};
		struct gbx_slice word[WORDS];
		struct gbx_error err;
		size_t n = split(text, word);
		assert_int_equal(gbx_command_read(word, n, &c, &err), 0);
		bool script = c.script < n && gbx_slice_is(word[c.script], lines[i].script);
		if (!script || strcmp(tell(&c), lines[i].said) != 0)
			fail_msg("%s\n  script   %.*s\n  got      %s\n  expected %s", lines[i].command, (int)word[c.script].len,
				 (const char *)word[c.script].data, tell(&c), lines[i].said);
	}
	assert_true(sizeof lines / sizeof *lines >= 60);
}

static void words_that_are_no_text_are_counted(void **state)
{
	GBX_AUTO_COMMAND struct gbx_command c = {0};
	GBX_AUTO_STRING char *longer = gbx_asprintf("--%0*d=1", GBX_LIMIT_PATH + 1, 0);
	struct gbx_slice word[] = {gbx_slice_text("x"), gbx_slice_text("--a=\xff"), gbx_slice_text("--\xff=1"), gbx_slice_text(longer), gbx_slice_text("\xff"),
				   gbx_slice_text("--b"), gbx_slice_text("1")};
	struct gbx_error err;

	(void)state;
	assert_int_equal(gbx_command_read(word, 7, &c, &err), 0);
	assert_int_equal(c.skipped, 3);
	assert_string_equal(tell(&c), "b n 1 5+2");
}

/* Any words make no more parameters than words of the command, and each names words that are there. */
static void any_words_are_read(void **state)
{
	static const char *const some[] = {"-", "--", "-1", "--a", "--a=", "=", "x=1", "+x=1", "~x", "~", "++", "[", "{a: [1]}", "--set", "--opts", "A.B", "@f", "@",
					   "env", "python", "-m", "-c", "torchrun", "srun", "mpirun", "--mca", "uv", "run", "docker", "accelerate", "launch", "\xff", ""};
	uint64_t state_of = 5;

	(void)state;
	for (unsigned round = 0; round < 50000; round++) {
		GBX_AUTO_COMMAND struct gbx_command c = {0};
		struct gbx_slice word[9];
		struct gbx_error err;
		state_of = state_of * 6364136223846793005u + 1442695040888963407u;
		size_t n = 1 + (state_of >> 60) % 9;
		for (size_t i = 0; i < n; i++) {
			state_of = state_of * 6364136223846793005u + 1442695040888963407u;
			word[i] = gbx_slice_text(some[(state_of >> 33) % (sizeof some / sizeof *some)]);
		}
		assert_int_equal(gbx_command_read(word, n, &c, &err), 0);
		for (size_t i = 0; i < c.parameters.len; i++)
			assert_true(c.parameters.parameter[i].words.first > 0 && c.parameters.parameter[i].words.count > 0 &&
				    c.parameters.parameter[i].words.first + c.parameters.parameter[i].words.count <= n);
		for (size_t i = 0; i < c.configs; i++)
			assert_true(c.config[i].index > 0 && c.config[i].index < n);
		assert_true(c.script < n);
	}
}

static void the_table_is_sound(void **state)
{
	(void)state;
	for (const struct gbx_launcher *l = gbx_launchers(); l->name; l++) {
		struct gbx_slice verb = l->verb ? gbx_slice(l->verb, strcspn(l->verb, " ")) : gbx_slice_text("");
		assert_true(!l->valued != !l->alone);
		/* None is hidden behind another. */
		assert_ptr_equal(gbx_launcher_find(gbx_slice(l->name, strcspn(l->name, "*")), verb), l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_says_what_it_says),
		cmocka_unit_test(words_that_are_no_text_are_counted),
		cmocka_unit_test(any_words_are_read),
		cmocka_unit_test(the_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
